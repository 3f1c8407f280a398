"""The items that may be listed, as masks over scores."""

from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags, Scores
from fusion.data.histories import UserHistories


@dataclass(frozen=True)
class Allowed:
    """The items that may be listed.

    Attributes:
        items: (I,) bool, items that anyone may be shown.
        seen: whether items of a user's own history may be listed again.
    """

    items: Flags
    seen: bool = False

    def trim_items(self, n_items: int) -> "Allowed":
        """Return the same permissions for the first items of the catalogue only.

        Args:
            n_items: items that are left.

        Returns:
            Permissions with `items` (n_items,).
        """
        return Allowed(self.items[:n_items], self.seen)

    def mask(self, scores: Scores, users: UserHistories) -> None:
        """Set the scores of items that may not be listed to NaN, in place.

        Args:
            scores: (B, I) float32, changed in place.
            users: the B users of the rows.
        """
        scores[:, ~self.items] = np.nan
        if not self.seen:
            scores[users.owners, users.items] = np.nan
