"""Best-k lists and candidate pairs as arrays.

One rule for ties everywhere: higher score first, then lower item row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fusion.core.arrays import Offsets, Rows, Scores, offsets

PARTITION_FROM = 4
"""Columns, in multiples of k, from which partitioning before the sort pays."""


@dataclass(frozen=True)
class TopK:
    """Best items of B users, best first.

    Attributes:
        items: (B, k) int32; -1 past the end of a short list.
        scores: (B, k) float32; NaN there.
    """

    items: Rows
    scores: Scores

    @classmethod
    def concat(cls, parts: Sequence["TopK"], k: int) -> "TopK":
        """Stack blocks of users.

        Args:
            parts: blocks in order, all with `k` places.
            k: places of a list; the width where there is no block.

        Returns:
            One block of all users.
        """
        if not parts:
            return cls(np.empty((0, k), np.int32), np.empty((0, k), np.float32))
        items = np.concatenate([part.items for part in parts])
        scores = np.concatenate([part.scores for part in parts])
        return cls(items, scores)


@dataclass(frozen=True)
class Pairs:
    """C (user, item) pairs, grouped by user.

    Attributes:
        borders: (B + 1,) int64; user b's pairs stand at borders[b]:borders[b + 1].
        items: (C,) int32.
    """

    borders: Offsets
    items: Rows

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def owners(self) -> Rows:
        """User of each pair (C,) int32, as a position in the block."""
        counts = np.diff(self.borders)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    def of_users(self, part: slice) -> slice:
        """Locate the pairs of some users.

        Args:
            part: a slice of users, with start and stop.

        Returns:
            The slice of their pairs.
        """
        return slice(int(self.borders[part.start]), int(self.borders[part.stop]))

    @classmethod
    def from_lists(cls, items: Rows) -> "Pairs":
        """Make pairs of padded lists.

        Args:
            items: (B, k) int32, -1 where a list ends; repeats are allowed.

        Returns:
            The distinct pairs, items ascending within a user.
        """
        ordered = np.sort(items, axis=1)
        keep = ordered >= 0
        keep[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
        return cls(offsets(keep.sum(axis=1)), ordered[keep])


def best(scores: Scores, k: int) -> TopK:
    """Return the k best items of each row.

    Args:
        scores: (B, I) float32; NaN and infinities are never listed.
        k: places of a list.

    Returns:
        Items and scores (B, k); ties go to the lower column.
    """
    n_users, n_items = scores.shape
    usable = np.where(np.isfinite(scores), scores, -np.inf)
    if n_items > PARTITION_FROM * k:
        # Everything at or above the k-th score: more than k where the border is tied, so the sort
        # below decides.
        kth = n_items - k
        border = np.partition(usable, kth, axis=1)[:, kth]
        eligible = (usable >= border[:, None]) & (usable > -np.inf)
    else:
        eligible = usable > -np.inf
    rows, columns = np.nonzero(eligible)
    kept = usable[rows, columns]
    order = np.lexsort((columns, -kept, rows))
    rows = rows[order]
    starts = np.searchsorted(rows, np.arange(n_users))
    place = np.arange(len(rows)) - starts[rows]
    listed = place < k
    cells = rows[listed], place[listed]
    items = np.full((n_users, k), -1, np.int32)
    values = np.full((n_users, k), np.nan, np.float32)
    items[cells] = columns[order][listed]
    values[cells] = kept[order][listed]
    return TopK(items, values)
