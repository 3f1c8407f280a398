"""An e-detector: evidence that a stream has shifted for good, with a stated average run length.

It bets at every window that the stream shifted at some window before, and sums the bets: without a
shift the sum after t windows is t on average, whatever the streams share, so that the first time it
passes a threshold comes after at least so many windows on average (Shin, Ramdas and Rinaldo,
"E-detectors", arXiv 2203.03532). Thresholds over several streams follow e-BH (Dandapanthula and
Ramdas, arXiv 2501.04130).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHIFTS = (-3.0, -1.5, -0.75, 0.75, 1.5, 3.0)
"""Shifts that are bet on, in standard deviations of a window."""
LARGEST_SCORE = 3.5
"""Scores count up to here: what is sudden is the band's, and one odd window is no shift."""
LARGEST_EVIDENCE = 1e12
"""Evidence counts up to here, so that a stream that comes back needs no year to be calm again."""


@dataclass(frozen=True)
class ShiftDetector:
    """Evidence of one stream so far.

    Attributes:
        bets: the Shiryaev-Roberts sum of each of `SHIFTS`.
    """

    bets: Floats = field(default_factory=lambda: np.zeros(len(SHIFTS)))

    @property
    def evidence(self) -> float:
        """The e-value: the mean of the sums, by which the average run length is bounded."""
        return float(self.bets.mean())

    def step(self, score: float) -> "ShiftDetector":
        """Take in a closed window.

        Args:
            score: of the window, standard normal as long as nothing has shifted.

        Returns:
            The detector after it.
        """
        shifts = np.array(SHIFTS)
        seen = float(np.clip(score, -LARGEST_SCORE, LARGEST_SCORE))
        gains = np.exp(shifts * seen - shifts**2 / 2)
        return ShiftDetector(np.minimum((self.bets + 1) * gains, LARGEST_EVIDENCE))


def shifted(evidence: Mapping[str, float], alarms_per_window: float) -> set[str]:
    """Return the streams whose evidence is enough, all streams together.

    Args:
        evidence: e-value of each stream.
        alarms_per_window: false alarms that are expected at a window, at most.

    Returns:
        Streams, by e-BH: the k largest, where the k-th is at least streams / (rate k).
    """
    order = sorted(evidence, key=lambda name: (-evidence[name], name))
    found = 0
    for place, name in enumerate(order, start=1):
        if evidence[name] >= len(order) / (alarms_per_window * place):
            found = place
    return set(order[:found])
