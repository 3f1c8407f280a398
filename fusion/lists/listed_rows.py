"""Listed rows that wait to be explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores


@dataclass(frozen=True)
class ListedRows:
    """Listed rows (n,) that wait to be explained.

    Attributes:
        users: user of each row (n,).
        items: item of each row (n,).
        places: (n, S) where each source put the item, NaN where it did not.
        is_candidate: (n,) rows that any source proposed; m of them.
        marks: (n,) what put the item there, as `Rules.marks` says.
        features: of the candidates among the rows (m,), by name.
        shared_with: (n, R) item of the user's own that shares a fact of each relation, or -1.
    """

    users: Rows
    items: Rows
    places: Scores
    is_candidate: Flags
    marks: Rows
    features: Mapping[str, Scores]
    shared_with: Rows

    @classmethod
    def concatenate(cls, blocks: Sequence["ListedRows"]) -> "ListedRows":
        """Put blocks below each other.

        Args:
            blocks: at least one.

        Returns:
            All their rows.
        """
        columns = {}
        for name in ("users", "items", "places", "is_candidate", "marks", "shared_with"):
            columns[name] = np.concatenate([getattr(block, name) for block in blocks])
        features = {}
        for name in blocks[0].features:
            features[name] = np.concatenate([block.features[name] for block in blocks])
        return cls(**columns, features=features)
