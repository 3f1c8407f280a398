"""Best-k lists and candidate pairs as arrays.

One rule for ties everywhere: higher score first, then lower item row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Offsets, Rows, Scores, offsets

PARTITION_FROM = 4
"""Columns, in multiples of k, from which leaving most out before the sort pays."""
GROUP = 16
"""Columns of a group, at most, whose maximum stands for all of them."""


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


def low_border(scores: NDArray[np.floating[Any]], k: int) -> NDArray[np.floating[Any]]:
    """Return a score that at least k columns of a row reach, and not many more.

    The k-th of the maxima of groups of columns is one: k groups hold a column as good. To find it
    takes one pass over the row and a search among few, where that for the k-th score itself takes
    several passes.

    Args:
        scores: (B, I) without NaN.
        k: columns wanted.

    Returns:
        (B,); minus infinity, which all reach, where there are few columns.
    """
    n_users, n_items = scores.shape
    if n_items <= PARTITION_FROM * k:
        return np.full(n_users, -np.inf, scores.dtype)
    # At least twice as many groups as k: the more there are, the nearer is the border.
    group = min(GROUP, n_items // (2 * k))
    width = n_items // group
    maxima = scores[:, :width].copy()
    for start in range(width, group * width, width):
        np.maximum(maxima, scores[:, start : start + width], out=maxima)
    border = np.partition(maxima, width - k, axis=1)[:, width - k]
    # Where many scores are equal, one below the k-th may be that of most columns.
    crowded = np.count_nonzero(scores >= border[:, None], axis=1) > PARTITION_FROM * k
    border[crowded] = np.partition(scores[crowded], n_items - k, axis=1)[:, n_items - k]
    return border


def best(scores: Scores, k: int) -> TopK:
    """Return the k best items of each row.

    Args:
        scores: (B, I) float32; NaN and infinities are never listed.
        k: places of a list.

    Returns:
        Items and scores (B, k); ties go to the lower column.
    """
    n_users = len(scores)
    usable = np.where(np.isfinite(scores), scores, -np.inf)
    # More than k columns of each row, so that their order decides.
    eligible = (usable >= low_border(usable, k)[:, None]) & (usable > -np.inf)
    rows, columns = np.nonzero(eligible)
    return best_cells(n_users, rows, columns, usable[rows, columns], k)


def best_cells(
    n_users: int, rows: NDArray[np.intp], items: NDArray[np.integer], scores: Scores, k: int
) -> TopK:
    """Return the k best cells of each row.

    Args:
        n_users: B.
        rows: (n,) user of each cell, ascending.
        items: (n,) its item.
        scores: (n,) float32, finite.
        k: places of a list.

    Returns:
        Items and scores (B, k); ties go to the lower item.
    """
    order = np.lexsort((items, -scores, rows))
    rows = rows[order]
    starts = np.searchsorted(rows, np.arange(n_users))
    place = np.arange(len(rows)) - starts[rows]
    listed = place < k
    cells = rows[listed], place[listed]
    top = np.full((n_users, k), -1, np.int32)
    values = np.full((n_users, k), np.nan, np.float32)
    top[cells] = items[order][listed]
    values[cells] = scores[order][listed]
    return TopK(top, values)
