"""`UserHistories`: users with their histories, all that a source knows of them when it scores."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Offsets, Rows, Scores, Times, offsets

T = TypeVar("T")


@dataclass(frozen=True)
class UserHistories:
    """A block of B users with E events in ragged rows, oldest first.

    Attributes:
        rows: (B,) int32 row numbers; -1 for a user the data has never seen.
        borders: (B + 1,) int64; user b's events stand at borders[b]:borders[b + 1].
        items: (E,) int32.
        times: (E,) int64 ms.
        weights: (E,) float32.
        as_of: (B,) int64 ms, each user's own moment.
        n_items: I, items of the data.
    """

    rows: Rows
    borders: Offsets
    items: Rows
    times: Times
    weights: Scores
    as_of: Times
    n_items: int

    @classmethod
    def unknown_user(cls, as_of: int, n_items: int) -> "UserHistories":
        """Make a block of one user without a history.

        Args:
            as_of: their moment, ms.
            n_items: items of the data.

        Returns:
            A block with B = 1 and E = 0; the row number is -1.
        """
        return cls(
            rows=np.array([-1], np.int32),
            borders=np.zeros(2, np.int64),
            items=np.empty(0, np.int32),
            times=np.empty(0, np.int64),
            weights=np.empty(0, np.float32),
            as_of=np.array([as_of], np.int64),
            n_items=n_items,
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def counts(self) -> Offsets:
        """Events of each user (B,)."""
        return np.diff(self.borders)

    @cached_property
    def owners(self) -> Rows:
        """User of each event (E,) int32, as a position in the block."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.counts)

    @cached_property
    def history(self) -> csr_array:
        """Users x items (B, I) float32, weights summed over repeats."""
        return self._matrix(self.weights)

    @cached_property
    def seen(self) -> csr_array:
        """Users x items (B, I) float32, 1 where the item stands in the history."""
        matrix = self._matrix(np.ones(len(self.items), np.float32))
        matrix.data[:] = 1.0  # repeats were summed
        return matrix

    def _matrix(self, values: Scores) -> csr_array:
        # Events are grouped by user already, so they are a CSR matrix but for repeats. A copy:
        # summing those sorts in place, and the arrays are shared.
        events = (values, self.items, self.borders)
        shape = (len(self), self.n_items)
        matrix = csr_array(events, shape=shape, dtype=np.float32, copy=True)
        matrix.sum_duplicates()
        return matrix

    def block(self, part: slice) -> "UserHistories":
        """Return some of the users.

        Args:
            part: a slice of the block's users, with start and stop.

        Returns:
            Those users with their histories.
        """
        lo = self.borders[part.start]
        hi = self.borders[part.stop]
        return UserHistories(
            rows=self.rows[part],
            borders=self.borders[part.start : part.stop + 1] - lo,
            items=self.items[lo:hi],
            times=self.times[lo:hi],
            weights=self.weights[lo:hi],
            as_of=self.as_of[part],
            n_items=self.n_items,
        )

    def memo(self, key: Hashable, make: Callable[[], T]) -> T:
        """Compute something of this block once.

        A source is asked several times for the same block: for candidates, scores, similarities.

        Args:
            key: names the thing.
            make: computes it.

        Returns:
            The result of the first call with this key; kept as long as the block.
        """
        if key not in self._memos:
            self._memos[key] = make()
        result: T = self._memos[key]
        return result

    @cached_property
    def _memos(self) -> dict[Hashable, Any]:
        return {}

    def trim_items(self, n_items: int) -> "UserHistories":
        """Drop events with later items, as a source would see that was fitted before those.

        Args:
            n_items: items to keep, numbered from 0.

        Returns:
            The same users without the dropped events; the same object for the same number.
        """
        return self.memo(n_items, lambda: self._keep(self.items < n_items, n_items))

    def last(self, n: int) -> "UserHistories":
        """Keep the newest events of each user.

        Args:
            n: events to keep.

        Returns:
            The same users with at most `n` events each.
        """
        ends = np.repeat(self.borders[1:], self.counts)
        from_end = ends - np.arange(len(self.items))  # 1 for a user's newest event
        return self._keep(from_end <= n, self.n_items)

    def _keep(self, events: Flags, n_items: int) -> "UserHistories":
        counts = np.bincount(self.owners[events], minlength=len(self))
        return UserHistories(
            rows=self.rows,
            borders=offsets(counts),
            items=self.items[events],
            times=self.times[events],
            weights=self.weights[events],
            as_of=self.as_of,
            n_items=n_items,
        )
