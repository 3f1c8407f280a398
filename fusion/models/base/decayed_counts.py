"""Decayed counts of events at rising moments, in one pass over the events."""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import DAY, Rows, Times

CHUNK = 16_384
"""Events between two moments at which the running counts are kept.

Fixed, so that the counts of a moment never depend on the moments asked before: the sums are
always cut at the same events.
"""


class DecayedCounts:
    """Counts (I,) float64 of time-ordered events, each halved every `half_life` days.

    T rising moments cost N + T (I + CHUNK) steps; counting each moment anew would cost T N.
    """

    def __init__(self, items: Rows, times: Times, n_items: int, half_life: float) -> None:
        """Begin before the first event.

        Args:
            items: items (N,) of the events.
            times: times (N,) of the events in ms, ascending.
            n_items: I, items of the catalogue.
            half_life: days after which an event counts half; infinity counts events as they are.
        """
        self.items = items
        self.times = times
        self.half_life = half_life
        self.counts = np.zeros(n_items)
        """Counts of the first `n_counted` events as of `counted_until`."""
        self.n_counted = 0
        self.counted_until = int(times[0]) if len(times) else 0

    def at(self, moment: int) -> NDArray[np.float64]:
        """Count what happened before a moment.

        Args:
            moment: ms, not earlier than the moment asked last.

        Returns:
            Decayed counts (I,).
        """
        end = int(np.searchsorted(self.times, moment, "left"))
        # Whole chunks are kept for the moments to come, the rest is added for this one only.
        while self.n_counted + CHUNK <= end:
            chunk_end = self.n_counted + CHUNK
            chunk_time = int(self.times[chunk_end - 1])
            self.counts = self._counts_with(chunk_end, chunk_time)
            self.n_counted = chunk_end
            self.counted_until = chunk_time
        return self._counts_with(end, moment)

    def _counts_with(self, end: int, moment: int) -> NDArray[np.float64]:
        """Add the events from the last kept moment up to event `end`, as of `moment`."""
        kept: NDArray[np.float64] = self.counts * self._decay(
            np.asarray(moment - self.counted_until)
        )
        if end == self.n_counted:
            return kept
        new = slice(self.n_counted, end)
        weights = self._decay(moment - self.times[new])
        return kept + np.bincount(self.items[new], weights, minlength=len(self.counts))

    def _decay(self, age: NDArray[np.int64]) -> NDArray[np.float64]:
        # Before the first event there is nothing to decay; the bound keeps 0 * infinity away.
        halvings = np.maximum(age, 0) / (DAY * self.half_life)
        factors: NDArray[np.float64] = np.exp2(-halvings)
        return factors
