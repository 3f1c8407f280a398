"""Scores of a new value against the windows before it, on the scale of a standard normal.

A value is standardised by centre and spread of its baseline. With few windows both are uncertain,
and the standardised value is far from normal: eight windows need 6.7 where a normal value needs
3.6. The table, made by simulation of the very statistic, turns one into the other, so that one
limit serves figures with a short and with a long past.

After a change the level is new, and the spread hardly ever is: windows of the level before tell it
still. Each level then has a centre of its own, and the spread is that of all residuals. In a normal
world the statistic is that of as many windows as there are residuals, less one for each further
level.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_WINDOWS = 8
"""Below it no limit that rare could ever be passed."""
LEAST_OF_LEVEL = 4
"""Windows by which a new level is known, where windows of an older one tell the spread."""
NO_WINDOWS: Floats = np.empty(0)
MOST_WINDOWS = 104
"""Two years of weeks: older windows say little about today."""
WINDOWS_PER_TRIM = 13
"""Of each so many windows one at either end is drawn in, so that a single odd one (a holiday, an
outage) neither moves the centre much nor hides the next by its spread."""
SCORES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5)
"""Scores of the columns of `STATISTICS`."""
WINDOWS = (8, 10, 12, 13, 16, 20, 25, 26, 32, 38, 39, 52, 78, 104)
"""Numbers of windows of its rows; on both sides of each step of the trimming."""
STATISTICS = (
    (0.000, 0.524, 1.079, 1.699, 2.433, 3.345, 4.533, 6.149, 8.423, 11.660, 15.999, 20.894),  # 8
    (0.000, 0.518, 1.060, 1.650, 2.322, 3.119, 4.102, 5.368, 7.070, 9.420, 12.568, 16.722),  # 10
    (0.000, 0.515, 1.049, 1.621, 2.257, 2.988, 3.854, 4.911, 6.240, 8.002, 10.511, 13.753),  # 12
    (0.000, 0.603, 1.233, 1.917, 2.693, 3.604, 4.714, 6.111, 7.930, 10.385, 13.925, 19.319),  # 13
    (0.000, 0.579, 1.178, 1.815, 2.515, 3.307, 4.227, 5.324, 6.663, 8.343, 10.559, 13.623),  # 16
    (0.000, 0.561, 1.135, 1.738, 2.385, 3.095, 3.893, 4.807, 5.876, 7.160, 8.767, 10.818),  # 20
    (0.000, 0.547, 1.104, 1.681, 2.290, 2.944, 3.659, 4.451, 5.345, 6.367, 7.541, 8.874),  # 25
    (0.000, 0.590, 1.191, 1.817, 2.481, 3.198, 3.988, 4.872, 5.883, 7.074, 8.568, 10.612),  # 26
    (0.000, 0.570, 1.149, 1.745, 2.369, 3.031, 3.744, 4.522, 5.381, 6.344, 7.437, 8.687),  # 32
    (0.000, 0.557, 1.122, 1.700, 2.300, 2.929, 3.598, 4.315, 5.095, 5.951, 6.903, 7.977),  # 38
    (0.000, 0.586, 1.179, 1.788, 2.421, 3.087, 3.796, 4.560, 5.392, 6.307, 7.322, 8.452),  # 39
    (0.000, 0.584, 1.174, 1.775, 2.393, 3.036, 3.710, 4.423, 5.185, 6.006, 6.900, 7.879),  # 52
    (0.000, 0.582, 1.168, 1.761, 2.366, 2.986, 3.625, 4.290, 4.984, 5.713, 6.485, 7.307),  # 78
    (0.000, 0.581, 1.165, 1.755, 2.353, 2.962, 3.586, 4.228, 4.891, 5.579, 6.297, 7.049),  # 104
)
"""Standardised value that a healthy window passes as rarely as a normal value passes the score.

`python -m benchmarks.watching.prediction_scores` prints it.
"""


def centre_and_spread(windows: Floats) -> tuple[Floats, Floats]:
    """Return winsorised mean and standard deviation.

    Args:
        windows: (..., n) values of a baseline.

    Returns:
        Centre (...) and spread (...).
    """
    drawn_in = _draw_in(windows, windows.shape[-1] // WINDOWS_PER_TRIM)
    return drawn_in.mean(axis=-1), drawn_in.std(axis=-1, ddof=1)


def _draw_in(values: Floats, count: int) -> Floats:
    """Sort values (..., n), with as many at either end drawn in to the next one."""
    ordered = np.sort(values, axis=-1)
    if not count:
        return ordered
    low, high = ordered[..., [count]], ordered[..., [values.shape[-1] - count - 1]]
    return np.clip(ordered, low, high)


def can_score(n_windows: int, n_earlier: int) -> bool:
    """Return whether a value has enough windows before it to be scored.

    Args:
        n_windows: of its own level.
        n_earlier: of an older level.
    """
    if n_earlier and n_windows >= LEAST_OF_LEVEL:
        return n_windows + n_earlier - 1 >= LEAST_WINDOWS
    return n_windows >= LEAST_WINDOWS


def score(value: float, windows: Floats, earlier: Floats = NO_WINDOWS) -> float:
    """Return how far a value lies from its baseline, as a score of a standard normal.

    Args:
        value: of the newest window.
        windows: (n,) values of the windows before it, as many as `can_score` asks for.
        earlier: (m,) values of an older level, which tell the spread alone.

    Returns:
        The signed score; infinite where all windows are equal and the value differs.
    """
    centre, step, count = _centre_and_step(windows, earlier)
    distance = value - centre
    if step == 0:
        return float(np.copysign(np.inf, distance)) if distance else 0.0
    scored = _extended(abs(distance) / step, _statistics(count), SCORES)
    return float(np.copysign(scored, distance))


def expected_range(
    windows: Floats, limit: float, earlier: Floats = NO_WINDOWS
) -> tuple[float, float]:
    """Return the values between which a healthy window lies.

    Args:
        windows: (n,) values of the baseline, as many as `can_score` asks for.
        limit: score that a healthy window hardly ever passes.
        earlier: (m,) values of an older level, which tell the spread alone.

    Returns:
        Lowest and highest value.
    """
    centre, step, count = _centre_and_step(windows, earlier)
    margin = _extended(limit, SCORES, _statistics(count)) * step
    return centre - margin, centre + margin


def _centre_and_step(windows: Floats, earlier: Floats) -> tuple[float, float, int]:
    """Centre, standard error of a prediction, and the number of windows that this is worth."""
    centre, spread = centre_and_spread(windows)
    count = len(windows)
    if len(earlier):
        residuals = np.concatenate([windows - centre, earlier - centre_and_spread(earlier)[0]])
        # Two centres are estimated: one window less than there are.
        count = len(residuals) - 1
        trimmed = _draw_in(residuals, count // WINDOWS_PER_TRIM)
        spread = np.sqrt((trimmed**2).sum() / (count - 1))
    return float(centre), float(spread * np.sqrt(1 + 1 / len(windows))), count


@lru_cache(maxsize=MOST_WINDOWS)
def _statistics(n_windows: int) -> Floats:
    """Row of the table for a number of windows, between two rows by their inverse."""
    table = np.log(np.array(STATISTICS)[:, 1:])
    # The inverse falls, and `interp` wants it rising.
    inverse = 1 / np.array(WINDOWS, float)[::-1]
    columns = [np.interp(1 / n_windows, inverse, column[::-1]) for column in table.T]
    return np.exp(np.array([-np.inf, *columns]))


def _extended(
    value: float, points: Floats | tuple[float, ...], values: Floats | tuple[float, ...]
) -> float:
    """Interpolate; beyond the last point on the line through the last two."""
    if value <= points[-1]:
        return float(np.interp(value, points, values))
    slope = (values[-1] - values[-2]) / (points[-1] - points[-2])
    return float(values[-1] + slope * (value - points[-1]))
