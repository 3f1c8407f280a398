"""How far a series is flat: its slope, and how the slope would vary with other weeks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLAT_FROM = 140
"""The night from which on everything is to be flat: 120 days of the export, and some weeks."""
SPAN = 60
"""Nights at the beginning and at the end whose means are compared."""
WEEK = 7
FEWEST_WEEKS = 18
"""So that the first nights and the last ones are not the same."""
PER = 100
"""Nights over which the slope is told."""
DRAWS, SEED = 2000, 1
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Flatness:
    """How flat a series is.

    Attributes:
        first: mean of its first nights.
        last: mean of its last nights.
        slope: in 100 nights, as a share of the mean.
        low: lower end of the 95 % interval of the slope.
        high: its upper end.
    """

    first: float
    last: float
    slope: float
    low: float
    high: float


def flatness(points: Sequence[tuple[int, float]]) -> Flatness | None:
    """Fit a line, and once more to many resamples of whole weeks.

    Nights of a week are alike, so that weeks are drawn and not nights.

    Args:
        points: night and value.

    Returns:
        The slope and the means; None for fewer than eighteen weeks.
    """
    nights = np.array([night for night, _ in points], float)
    values = np.array([value for _, value in points], float)
    weeks = [np.flatnonzero(nights // WEEK == week) for week in np.unique(nights // WEEK)]
    if len(weeks) < FEWEST_WEEKS:
        return None
    rng = np.random.default_rng(SEED)
    slopes = []
    for _ in range(DRAWS):
        drawn = np.concatenate([weeks[week] for week in rng.integers(0, len(weeks), len(weeks))])
        slopes.append(_slope(nights[drawn], values[drawn]))
    low, high = np.percentile(slopes, [2.5, 97.5])
    return Flatness(
        first=float(values[nights < nights[0] + SPAN].mean()),
        last=float(values[nights > nights[-1] - SPAN].mean()),
        slope=_slope(nights, values),
        low=float(low),
        high=float(high),
    )


def _slope(nights: Floats, values: Floats) -> float:
    """Slope of the line of least squares in 100 nights, as a share of the mean."""
    centred = nights - nights.mean()
    slope = float((centred * values).sum() / (centred**2).sum())
    return PER * slope / float(values.mean())
