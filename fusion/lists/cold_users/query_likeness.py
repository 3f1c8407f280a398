"""How like items are to what users wrote before their own moments, as a factor of their scores."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores, Times
from fusion.data.queries.user_queries import UserQueries
from fusion.data.splitting.fold import Fold
from fusion.lists.cold_users.defaults import DEFAULTS


@dataclass(frozen=True)
class QueryLikeness:
    """What users wrote, as a fold knows it.

    Attributes:
        queries: encoded or not; without vectors nothing is like them.
        as_of: moment of each user (U,) ms: what they wrote at it or later does not count.
    """

    queries: UserQueries
    as_of: Times

    @classmethod
    def of(cls, fold: Fold) -> Self:
        """Return what a fold knows.

        Args:
            fold: any.
        """
        return cls(fold.known.queries, fold.as_of)

    def wrote(self, users: Rows) -> Flags:
        """Flag users who wrote something that items can be compared with.

        Args:
            users: rows (B,).
        """
        if not self.queries.are_encoded:
            return np.zeros(len(users), bool)
        newest = self.queries.newest(users, self.as_of[users], 1)
        flags: Flags = np.diff(newest.borders) > 0
        return flags

    def cosines(self, users: Rows) -> Scores:
        """Compare the texts of all items with what users wrote last.

        Args:
            users: rows (B,).

        Returns:
            (B, I) float32; 0 for users who wrote nothing, and for items without a text.
        """
        means = self.queries.newest_means(users, self.as_of[users], DEFAULTS.recent_queries)
        cosines: Scores = means @ self.queries.item_vectors.T
        return cosines

    def lifts(self, users: Rows, weight: float) -> Scores:
        """Return by how much scores of items grow.

        Args:
            users: rows (B,).
            weight: of a cosine of 1 in the exponent; 0: nothing grows.

        Returns:
            (B, I) float32, or (1, 1) of 1 where nothing grows.
        """
        if not weight or not self.queries.are_encoded:
            return np.ones((1, 1), np.float32)
        lifts: Scores = np.exp(np.float32(weight) * self.cosines(users))
        return lifts
