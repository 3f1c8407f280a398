"""`UserHistories`: a block of users with their histories, the only thing a source knows of them when it scores."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Offsets, Rows, Scores, Times, offsets

T = TypeVar("T")


@dataclass(frozen=True)
class UserHistories:
    """B users as of their own `as_of` (B,) ms, with E events in ragged rows, oldest first.

    `rows` (B,) int32: row numbers, -1 for a user the data has never seen; `borders` (B + 1,): user
    b's events stand at borders[b]:borders[b + 1] of `items` (E,) int32, `times` (E,) int64 ms and
    `weights` (E,) float32.
    """

    rows: Rows
    borders: Offsets
    items: Rows
    times: Times
    weights: Scores
    as_of: Times
    n_items: int
    features: pl.DataFrame | None = None

    @classmethod
    def unknown_user(cls, as_of: int, n_items: int) -> "UserHistories":
        """One user nobody knows anything of."""
        none = np.empty(0, np.int32)
        moment = np.array([as_of], np.int64)
        unknown = np.array([-1], np.int32)
        return cls(
            unknown,
            np.zeros(2, np.int64),
            none,
            moment[:0],
            np.empty(0, np.float32),
            moment,
            n_items,
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def counts(self) -> Offsets:
        """Events of each user (B,)."""
        return np.diff(self.borders)

    @cached_property
    def owners(self) -> Rows:
        """Which user of the block (E,) each event belongs to."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.counts)

    @cached_property
    def history(self) -> csr_array:
        """Users x items (B, I) float32: weights summed over repeats."""
        return self._matrix(self.weights)

    @cached_property
    def seen(self) -> csr_array:
        """Users x items (B, I) float32 of ones where the user met the item."""
        matrix = self._matrix(np.ones(len(self.items), np.float32))
        matrix.data[:] = 1.0
        return matrix

    def _matrix(self, values: Scores) -> csr_array:
        shape = (len(self), self.n_items)
        matrix = csr_array(
            (values, self.items, self.borders), shape=shape, dtype=np.float32, copy=True
        )
        matrix.sum_duplicates()
        return matrix

    def block(self, part: slice) -> "UserHistories":
        """The users of a slice, histories included."""
        lo, hi = self.borders[part.start], self.borders[part.stop]
        return UserHistories(
            rows=self.rows[part],
            borders=self.borders[part.start : part.stop + 1] - lo,
            items=self.items[lo:hi],
            times=self.times[lo:hi],
            weights=self.weights[lo:hi],
            as_of=self.as_of[part],
            n_items=self.n_items,
            features=None if self.features is None else self.features[part],
        )

    def memo(self, what: Hashable, make: Callable[[], T]) -> T:
        """What was made of this very block before under the same name, or `make` it; kept as long as the block."""
        if what not in self._made:
            self._made[what] = make()
        made: T = self._made[what]
        return made

    @cached_property
    def _made(self) -> dict[Hashable, Any]:
        return {}

    def trim_items(self, n_items: int) -> "UserHistories":
        """Forget events with items numbered `n_items` and up: what a source fitted before them would see."""
        return self.memo(n_items, lambda: self._keep(self.items < n_items, n_items))

    def last(self, n: int) -> "UserHistories":
        """The users with only their newest `n` events each."""
        from_end = np.repeat(self.borders[1:], self.counts) - np.arange(len(self.items))
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
            features=self.features,
        )
