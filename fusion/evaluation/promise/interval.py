"""Prediction intervals: where the figure of a window that has not come yet will lie.

A confidence interval over users says where the mean of other users of the *same* window lies. A new
window has other users and is another window: a holiday, a release, a fashion. So its figure differs
from the verdict's by the users of both, and by what sets two windows apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fusion.evaluation.promise.defaults import DEFAULTS
from fusion.evaluation.promise.window_figure import WindowFigure

LEVEL = 0.95
"""Share of new windows whose figure lies within."""
EFFICIENCY = 2 / 3
"""Degrees of freedom that a squared difference of neighbours is worth: m windows around their mean
have m - 1, their m - 1 differences two thirds of that (von Neumann, "Distribution of the ratio of
the mean square successive difference to the variance", 1941)."""
PROBABILITIES = (np.arange(200) + 0.5) / 200
"""Of the quantiles that stand for a distribution of variances."""
HALVINGS = 50
TINY = 1e-12
"""A spread that stands for none, which nothing can be divided by."""
Basis = Literal["past_windows", "realised", "none"]
Pairs = Sequence[tuple[float, float]]
"""Promised and realised figures of earlier runs, over windows that do not overlap."""
RealisedPairs = Mapping[tuple[str, str, int], Pairs]
"""The same by horizon, name of the metric, and places."""


@dataclass(frozen=True)
class Prediction:
    """A figure and the interval in which that of a new window will lie.

    Attributes:
        value: what is expected.
        low: lower end; None where too little is known of other windows.
        high: upper end; likewise.
        windows: past windows, or realised figures, that the width comes from.
        basis: which of them; "none" without an interval.
    """

    value: float
    low: float | None
    high: float | None
    windows: int
    basis: Basis


def predict(
    judged: WindowFigure,
    past: Sequence[Sequence[WindowFigure]],
    realised: Pairs = (),
    *,
    is_taught: bool = False,
) -> Prediction:
    """Predict the figure of the next window from that of the verdict's.

    Args:
        judged: what the chosen row scored in the verdict's window.
        past: by row that needs no ranker, what it scored in windows after each other, oldest
            first; all rows in the same m windows.
        realised: of earlier runs, at the same horizon; from `least_windows` of them on they take
            the place of past windows.
        is_taught: the chosen row is fitted to labels, so that another fit serves.

    Returns:
        The prediction; without an interval where fewer than `least_windows` are known, fewer than
        `least_users` were judged, or nothing was hit.
    """
    n_windows = max((len(row) for row in past), default=0)
    # Without a single hit there is no level that anything could be a share of.
    if judged.users >= DEFAULTS.least_users and judged.value > 0:
        if len(realised) >= DEFAULTS.least_windows:
            margin = _margin_of_realised(judged.value, realised)
            return _bounded(judged.value, margin, len(realised), "realised")
        if n_windows >= DEFAULTS.least_windows:
            margin = _margin_of_windows(judged, past, is_taught)
            return _bounded(judged.value, margin, n_windows, "past_windows")
    return Prediction(judged.value, None, None, n_windows, "none")


def _margin_of_realised(value: float, realised: Pairs) -> float:
    """Half the width by how far earlier promises were off, as shares of themselves.

    The mean of these shares is not taken off: a promise that is always too high becomes a wide one,
    and its bias stays to be seen.
    """
    errors = [(after - before) / before for before, after in realised if before > 0]
    spread = float(np.sqrt(np.mean(np.square(errors)))) if errors else 0.0
    return float(stats.t.ppf(0.5 + LEVEL / 2, max(len(errors), 1))) * spread * value


def _margin_of_windows(
    judged: WindowFigure, past: Sequence[Sequence[WindowFigure]], is_taught: bool
) -> float:
    """Half the width by how rows that need no ranker differed between windows that follow.

    As a share of its level, the mean squared difference of a row in neighbouring windows estimates
    the error of both windows' users, which is known, and twice the variance between windows. The
    second is scaled to the chosen row, whose users' error is added for both windows.

    A ranker that serves is another fit than the one that was judged, and is better or worse by the
    users who taught it: about as many as a window has, so that their part goes with the error over
    these. Rows without a ranker cannot show it.

    With few windows the estimate is rough, and often below the known part. So the variance is no
    number but a distribution, that of what may have given such a square, cut at nothing (a
    generalised interval: Weerahandi, "Generalized confidence intervals", JASA 1993).
    """
    between = between_windows(past)
    # The variance over few users is rough too: that of Student's t.
    parts = 2 + (DEFAULTS.refit_share if is_taught else 0)
    own = parts * rough_variance(judged)
    return mixture_margin(own + between * judged.value**2)


def between_windows(past: Sequence[Sequence[WindowFigure]]) -> NDArray[np.float64]:
    """Estimate the variance of the difference of two windows' levels, as shares of the level.

    Args:
        past: by row that needs no ranker, what it scored in m windows after each other.

    Returns:
        Quantiles of what the variance may be, one value 0 where no row has a level.
    """
    squares, of_users = [], []
    for row in past:
        values = np.array([window.value for window in row])
        level = values.mean()
        if level > 0:
            squares.append(np.mean(np.square(np.diff(values))) / level**2)
            of_users.append(2 * np.mean([window.variance for window in row]) / level**2)
    if not squares:
        return np.zeros(1)
    freedom = EFFICIENCY * (len(past[0]) - 1)
    square = freedom * np.mean(squares) / stats.chi2.ppf(PROBABILITIES, freedom)
    quantiles: NDArray[np.float64] = np.maximum(square - np.mean(of_users), 0.0)
    return quantiles


def rough_variance(figure: WindowFigure) -> float:
    """Return the variance of a mean over users, that of Student's t where they are few.

    Args:
        figure: over at least 4 users.
    """
    return figure.variance * (figure.users - 1) / (figure.users - 3)


def mixture_margin(variances: NDArray[np.float64]) -> float:
    """Return the distance from 0 within which `LEVEL` of a mixture of normal values lies.

    Args:
        variances: of its parts, which weigh the same.
    """
    spreads = np.sqrt(variances)
    low, high = 0.0, 10 * float(spreads.max())
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        within = np.mean(stats.norm.cdf(middle / np.maximum(spreads, TINY))) * 2 - 1
        low, high = (middle, high) if within < LEVEL else (low, middle)
    return high


def _bounded(value: float, margin: float, windows: int, basis: Basis) -> Prediction:
    """A prediction that is as sure as a margin around its value."""
    low, high = interval_around(value, margin)
    return Prediction(value, low, high, windows, basis)


def interval_around(value: float, margin: float, most: float = 1.0) -> tuple[float, float]:
    """Return the ends of an interval that is as sure as a margin around a mean of hits.

    Hits are rare, so that the error of their mean grows with it: a window that happened to be poor
    has a small error, too, and its margin would miss what comes after. By square roots the error
    is about the same everywhere (Bartlett, "The square root transformation in analysis of
    variance", 1936).

    Args:
        value: above 0.
        margin: half the width at the value.
        most: that the figure can be.

    Returns:
        Both ends, within [0, most].
    """
    root = float(np.sqrt(value))
    step = margin / (2 * root)
    return max(0.0, root - step) ** 2, min(most, (root + step) ** 2)
