"""Scales of figures: the transform that steadies their spread, and effects that matter on them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Transform = Callable[[Floats, Floats], Floats]
"""Turns values (n,) of so many cases each (n,) into numbers whose spread does not hang on size."""

HALF = 0.5
"""A case is added to either side of a share, and half of one to a count: none has a logarithm."""
LEAST_DISTANCE = 0.02
"""Distances below it are all alike: the noise of a few thousand rows."""


@dataclass(frozen=True)
class Scale:
    """A kind of figure.

    Attributes:
        name: of the scale.
        transform: of values, for the judgement.
        invert: of one transformed value, for people.
        effect: of a value against the usual one, signed: a difference that one can speak of.
        floor: effect below which nothing is an alarm: hairs' breadths after identical weeks.
        large: effect that may be an alarm however few windows there are.
        grows: whether health is a trend, so that it is judged by its change.
    """

    name: str
    transform: Transform
    invert: Callable[[float], float]
    effect: Callable[[float, float], float]
    floor: float
    large: float
    grows: bool = False


def _log_count(values: Floats, _: Floats) -> Floats:
    return np.log(values + HALF)


def _logit(shares: Floats, cases: Floats) -> Floats:
    smoothed = (shares * cases + HALF) / (cases + 1)
    return np.log(smoothed / (1 - smoothed))


def _log(values: Floats, _: Floats) -> Floats:
    return np.log(np.maximum(np.abs(values), np.finfo(float).tiny))


def _log_distance(values: Floats, _: Floats) -> Floats:
    return np.log(values + LEAST_DISTANCE)


def _difference(value: float, usual: float) -> float:
    return value - usual


def _log_ratio(value: float, usual: float) -> float:
    return float(np.log(max(value, 1e-12) / max(usual, 1e-12)))


def _log_ratio_of_counts(value: float, usual: float) -> float:
    return float(np.log((value + HALF) / (usual + HALF)))


COUNT = Scale(
    name="count",
    transform=_log_count,
    invert=lambda value: float(np.exp(value)) - HALF,
    effect=_log_ratio_of_counts,
    floor=float(np.log(1.25)),
    large=float(np.log(1.7)),
    grows=True,
)
"""Rows, users, items: judged by their ratio to what they were before."""
SHARE = Scale(
    name="share",
    transform=_logit,
    invert=lambda value: float(1 / (1 + np.exp(-value))),
    effect=_difference,
    floor=0.03,
    large=0.10,
)
"""Shares of cases."""
AMOUNT = Scale(
    name="amount",
    transform=_log,
    invert=lambda value: float(np.exp(value)),
    effect=_log_ratio,
    floor=float(np.log(1.15)),
    large=float(np.log(1.7)),
)
"""Means of positive numbers."""
DISTANCE = Scale(
    name="distance",
    transform=_log_distance,
    invert=lambda value: float(np.exp(value)) - LEAST_DISTANCE,
    effect=_difference,
    floor=0.06,
    large=0.20,
)
"""Jensen-Shannon distances of a distribution from that of all other windows, from 0 to 1."""
