"""What a feature adds to scores, by its value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
BINS = 10
QUARTILES = (25, 50, 75)


@dataclass(frozen=True)
class FeatureCurve:
    """What a feature adds to scores, over bins of rows from its smallest values to its largest.

    Attributes:
        feature: its name.
        values: mean value of each bin (b,).
        low: lower quartile of the contribution there (b,).
        middle: its median (b,).
        high: upper quartile (b,).
    """

    feature: str
    values: list[float]
    low: list[float]
    middle: list[float]
    high: list[float]


def feature_curves(
    features: Sequence[str], values: Mapping[str, Floats], contributions: Mapping[str, Floats]
) -> list[FeatureCurve]:
    """Summarise what features add to scores, by their values.

    Args:
        features: names, in the order of the result.
        values: of each feature (n,); NaN is no value.
        contributions: to the score of the same rows (n,), by feature.

    Returns:
        A curve each; a feature without two different values has none.
    """
    curves = [_curve(name, values[name], contributions[name]) for name in features]
    return [curve for curve in curves if len(curve.values) > 1]


def _curve(name: str, values: Floats, contributions: Floats) -> FeatureCurve:
    known = np.isfinite(values)
    values, contributions = values[known].astype(float), contributions[known].astype(float)
    bins = np.searchsorted(_edges(values), values, side="left")
    kept = [bins == place for place in np.unique(bins)]
    quartiles = [np.percentile(contributions[chosen], QUARTILES) for chosen in kept]
    return FeatureCurve(
        feature=name,
        values=[float(values[chosen].mean()) for chosen in kept],
        low=[float(found[0]) for found in quartiles],
        middle=[float(found[1]) for found in quartiles],
        high=[float(found[2]) for found in quartiles],
    )


def _edges(values: Floats) -> Floats:
    """Return the upper ends of all bins but the last: equal values share a bin."""
    if not len(values):
        return values
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    below = values[values < values.max()]
    # A flag has two bins, however rare either of its values is.
    return np.unique(np.minimum(edges, below.max())) if len(below) else edges[:0]
