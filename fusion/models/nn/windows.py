"""Histories as training windows and padded batches, in numpy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Offsets, Rows, offsets

BUCKET = 8
"""Windows whose lengths differ by less share a batch, so that little of it is padding."""


@dataclass(frozen=True)
class Windows:
    """W slices of a flat array of events: window w is `items` (E,) from starts[w] on, counts[w] long."""

    items: Rows
    starts: Offsets
    counts: Offsets

    def __len__(self) -> int:
        return len(self.starts)

    def padded(
        self, which: NDArray[np.integer], length: int, fallback_scores: int
    ) -> NDArray[np.int64]:
        """Windows `which` (n,) as (n, length) int64, `filler` behind the end of each."""
        return self.of(self.items, which, length, fallback_scores).astype(np.int64)

    def of(
        self, values: NDArray[Any], which: NDArray[np.integer], length: int, fallback_scores: float
    ) -> NDArray[Any]:
        """The same of other values (E,) of the events, in their own dtype."""
        place = np.arange(length)
        inside = place < self.counts[which][:, None]
        positions = np.where(inside, self.starts[which][:, None] + place, 0)
        found = values[positions] if len(values) else np.zeros_like(positions, values.dtype)
        return np.where(inside, found, values.dtype.type(fallback_scores))


def training_windows(items: Rows, borders: Offsets, last: int) -> Windows:
    """Cut each history from its end into windows of at most `last` + 1 events that overlap by one.

    So every event but a user's first is the one to predict exactly once, from at most `last` events
    before it. `items` (E,): user u's events stand at borders[u]:borders[u + 1], oldest first.
    """
    counts = np.diff(borders)
    pieces = -(-np.maximum(counts - 1, 0) // last)
    owner = np.repeat(np.arange(len(counts)), pieces)
    nth = np.arange(len(owner)) - np.repeat(offsets(pieces)[:-1], pieces)
    ends = borders[1:][owner] - nth * last
    starts = np.maximum(ends - last - 1, borders[:-1][owner])
    return Windows(items, starts, ends - starts)


def endless_batches(
    counts: Offsets, size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Batches of at most `size` window numbers of about equal length, reshuffled on every round through them all."""
    while True:
        order = rng.permutation(len(counts))
        order = order[np.argsort(counts[order] // BUCKET, kind="stable")]
        batches = [order[at : at + size] for at in range(0, len(order), size)]
        for at in rng.permutation(len(batches)):
            yield batches[at]


@dataclass(frozen=True)
class HistoryTails:
    """The newest `size` events of some users, held out: `rows` (n,) of the users, and where their histories end."""

    rows: Rows
    ends: Offsets
    size: int


def hold_out(borders: Offsets, size: int, most: int, rng: np.random.Generator) -> HistoryTails:
    """Hold out the newest `size` events of up to `most` users who keep at least one event."""
    able = np.flatnonzero(np.diff(borders) >= size + 1)
    rows = np.sort(rng.choice(able, min(most, len(able)), replace=False)).astype(np.int32)
    return HistoryTails(rows, borders[rows + 1], size)


def without(
    values: NDArray[Any], borders: Offsets, tails: HistoryTails
) -> tuple[NDArray[Any], Offsets]:
    """Values (E,) of the histories' events, and borders, without what is held out."""
    dropped = np.zeros(len(borders) - 1, np.int64)
    dropped[tails.rows] = tails.size
    counts = np.diff(borders) - dropped
    within = np.arange(len(values)) - np.repeat(borders[:-1], np.diff(borders))
    return values[within < np.repeat(counts, np.diff(borders))], offsets(counts)
