"""Best-k lists and candidate pairs as arrays, with one rule for ties: higher score first, then lower item row."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fusion.core.arrays import Offsets, Rows, Scores, offsets


@dataclass(frozen=True)
class TopK:
    """Best items of B users: `items` (B, k) int32, -1 where there is no more; `scores` (B, k), NaN there."""

    items: Rows
    scores: Scores

    @classmethod
    def concat(cls, parts: Sequence["TopK"], k: int) -> "TopK":
        """Blocks of users, one below the other."""
        if not parts:
            return cls(np.empty((0, k), np.int32), np.empty((0, k), np.float32))
        return cls(
            np.concatenate([p.items for p in parts]), np.concatenate([p.scores for p in parts])
        )


@dataclass(frozen=True)
class Pairs:
    """C (user, item) pairs, grouped by user: user b's stand at borders[b]:borders[b + 1] of `items` (C,) int32."""

    borders: Offsets
    items: Rows

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def owners(self) -> Rows:
        """Which user of the block (C,) each pair belongs to."""
        counts = np.diff(self.borders)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    def of_users(self, part: slice) -> slice:
        """Where the pairs of a slice of users stand."""
        return slice(int(self.borders[part.start]), int(self.borders[part.stop]))

    @classmethod
    def from_lists(cls, items: Rows) -> "Pairs":
        """Pairs of padded lists (B, k), -1 left out, sorted by item within a user and without repeats."""
        ordered = np.sort(items, axis=1)
        keep = ordered >= 0
        keep[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
        return cls(offsets(keep.sum(axis=1)), ordered[keep])


def best(scores: Scores, k: int) -> TopK:
    """The k best of each row of `scores` (B, I), NaN and infinities left out; ties go to the lower column."""
    n_users, n_items = scores.shape
    items = np.full((n_users, k), -1, np.int32)
    values = np.full((n_users, k), np.nan, np.float32)
    usable = np.where(np.isfinite(scores), scores, -np.inf)
    if n_items > 4 * k:
        # Everything at or above the k-th score: more than k where the border is tied, so the sort
        # below decides.
        border = np.partition(usable, n_items - k, axis=1)[:, n_items - k]
        rows, columns = np.nonzero((usable >= border[:, None]) & (usable > -np.inf))
    else:
        rows, columns = np.nonzero(usable > -np.inf)
    found = usable[rows, columns]
    order = np.lexsort((columns, -found, rows))
    rows, columns, found = rows[order], columns[order], found[order]
    starts = np.searchsorted(rows, np.arange(n_users))
    place = np.arange(len(rows)) - starts[rows]
    within = place < k
    items[rows[within], place[within]] = columns[within]
    values[rows[within], place[within]] = found[within]
    return TopK(items, values)
