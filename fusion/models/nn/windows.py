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
    """W slices of a flat array of E events.

    Attributes:
        items: (E,) int32.
        starts: (W,) position of each window's first event.
        counts: (W,) length of each window.
    """

    items: Rows
    starts: Offsets
    counts: Offsets

    def __len__(self) -> int:
        return len(self.starts)

    def padded(self, chosen: NDArray[np.integer], length: int, padding: int) -> NDArray[np.int64]:
        """Gather the items of some windows.

        Args:
            chosen: (n,) numbers of windows.
            length: columns of the result.
            padding: stands behind the end of each window.

        Returns:
            (n, length) int64.
        """
        return self.padded_values(self.items, chosen, length, padding).astype(np.int64)

    def padded_values(
        self, values: NDArray[Any], chosen: NDArray[np.integer], length: int, padding: float
    ) -> NDArray[Any]:
        """Gather other values of the events of some windows.

        Args:
            values: (E,) of any dtype.
            chosen: (n,) numbers of windows.
            length: columns of the result.
            padding: stands behind the end of each window.

        Returns:
            (n, length) in the dtype of `values`.
        """
        place = np.arange(length)
        inside = place < self.counts[chosen][:, None]
        # Positions outside of a window are read at 0 and overwritten: they could be past the end.
        positions = np.where(inside, self.starts[chosen][:, None] + place, 0)
        gathered = values[positions] if len(values) else np.zeros_like(positions, values.dtype)
        return np.where(inside, gathered, values.dtype.type(padding))


def training_windows(items: Rows, borders: Offsets, last: int) -> Windows:
    """Cut each history from its end into windows that overlap by one event.

    So every event but a user's first is predicted exactly once, from at most `last` events before
    it.

    Args:
        items: (E,) int32, oldest first within a user.
        borders: (U + 1,) user u's events stand at borders[u]:borders[u + 1].
        last: events to predict from, at most; a window has one more.

    Returns:
        The windows, newest first within a user.
    """
    counts = np.diff(borders)
    n_windows = -(-np.maximum(counts - 1, 0) // last)  # rounded up
    owner = np.repeat(np.arange(len(counts)), n_windows)
    first_of_owner = np.repeat(offsets(n_windows)[:-1], n_windows)
    nth = np.arange(len(owner)) - first_of_owner
    ends = borders[1:][owner] - nth * last
    starts = np.maximum(ends - last - 1, borders[:-1][owner])
    return Windows(items, starts, ends - starts)


def endless_batches(
    counts: Offsets, size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Batch windows of about equal length, reshuffled on every round through them all.

    Args:
        counts: (W,) length of each window.
        size: windows in a batch.
        rng: stream of the shuffles.

    Yields:
        Numbers of the windows of a batch, at most `size`.
    """
    while True:
        order = rng.permutation(len(counts))
        # A stable sort keeps the shuffle among windows of one bucket.
        order = order[np.argsort(counts[order] // BUCKET, kind="stable")]
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        for number in rng.permutation(len(batches)):
            yield batches[number]


@dataclass(frozen=True)
class HistoryTails:
    """The newest events of some users, held out.

    Attributes:
        rows: (n,) int32 users.
        ends: (n,) position after each user's last event.
        size: events of a tail.
    """

    rows: Rows
    ends: Offsets
    size: int


def hold_out(borders: Offsets, size: int, most: int, rng: np.random.Generator) -> HistoryTails:
    """Hold out the newest events of some users who keep at least one event.

    Args:
        borders: (U + 1,) borders of the histories.
        size: events of a tail.
        most: users, at most.
        rng: stream of the draw.

    Returns:
        Tails of users drawn at random, in the order of their rows.
    """
    able = np.flatnonzero(np.diff(borders) >= size + 1)
    sampled = rng.choice(able, min(most, len(able)), replace=False)
    rows = np.sort(sampled).astype(np.int32)
    return HistoryTails(rows, borders[rows + 1], size)


def without(
    values: NDArray[Any], borders: Offsets, tails: HistoryTails
) -> tuple[NDArray[Any], Offsets]:
    """Drop held-out tails from values of the events.

    Args:
        values: (E,).
        borders: (U + 1,) borders of the histories.
        tails: held-out tails of these histories.

    Returns:
        The other values, and the borders of the shorter histories.
    """
    counts = np.diff(borders)
    dropped = np.zeros(len(counts), np.int64)
    dropped[tails.rows] = tails.size
    kept_counts = counts - dropped
    within = np.arange(len(values)) - np.repeat(borders[:-1], counts)
    kept = within < np.repeat(kept_counts, counts)
    return values[kept], offsets(kept_counts)
