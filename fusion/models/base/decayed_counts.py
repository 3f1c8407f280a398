"""`DecayedCounts`: decayed counts of events at rising moments, in one pass over the events."""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import DAY, Rows, Times

CHUNK = 16_384
"""Events between two resting places; fixed, so that a moment's counts never depend on the moments asked before."""


class DecayedCounts:
    """Counts (I,) float64 of time-ordered events, each halved every `half_life` days; infinite: plain counts.

    Asking for T rising moments costs N + T (I + CHUNK), where counting anew costs T N.
    """

    def __init__(self, items: Rows, times: Times, n_items: int, half_life: float) -> None:
        self.items, self.times, self.half_life = items, times, half_life
        self.counts = np.zeros(n_items)
        self.taken = 0
        self.upto = int(times[0]) if len(times) else 0

    def at(self, moment: int) -> NDArray[np.float64]:
        """Counts of what happened before `moment` (ms), which must not be earlier than the moment asked last."""
        end = int(np.searchsorted(self.times, moment, "left"))
        while self.taken + CHUNK <= end:
            upto = int(self.times[self.taken + CHUNK - 1])
            self.counts = self._add(self.taken + CHUNK, upto)
            self.taken, self.upto = self.taken + CHUNK, upto
        return self._add(end, moment)

    def _add(self, end: int, moment: int) -> NDArray[np.float64]:
        if end == self.taken:
            return self.counts * self._fade(np.asarray(moment - self.upto))
        fresh = slice(self.taken, end)
        added = np.bincount(
            self.items[fresh], self._fade(moment - self.times[fresh]), minlength=len(self.counts)
        )
        total: NDArray[np.float64] = (
            self.counts * self._fade(np.asarray(moment - self.upto)) + added
        )
        return total

    def _fade(self, age: NDArray[np.int64]) -> NDArray[np.float64]:
        # Before the first event there is nothing to fade; the bound keeps 0 * infinity away.
        faded: NDArray[np.float64] = np.exp2(-np.maximum(age, 0) / (DAY * self.half_life))
        return faded
