"""The judgement of a figure: its newest value against those of its own earlier windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon

from fusion.watching.causes import Cause
from fusion.watching.figure import Figure, Measurement
from fusion.watching.scales import DISTANCE
from fusion.watching.statistics.prediction_scores import (
    MOST_WINDOWS,
    NO_WINDOWS,
    can_score,
    expected_range,
    score,
)

Floats = NDArray[np.float64]
State = Literal["healthy", "look", "alarm", "short"]
SURE_WINDOWS = 16
"""Below it only large effects may be an alarm: so few windows know little of health."""
TREND = 4
"""Values to whose mean one that grows is compared."""


@dataclass(frozen=True)
class Judgement:
    """Comparison of the newest value of a figure with health.

    Attributes:
        figure: what was measured.
        state: "short" where there are too few windows, or too few people in them; "look" where a
            value is beyond health, and the windows are too few to be sure.
        value: of the newest window.
        low: lowest value that is usual; None where there are too few windows.
        high: highest value that is usual.
        score: on the scale of a standard normal.
        effect: signed, on the figure's scale.
        windows: how many it was compared with.
        cause: what it points at; None where it is healthy.
        lately: mean of the newest windows, of a figure that has shifted for good; None else.
        usual: what it was before.
    """

    figure: Figure
    state: State
    value: float
    low: float | None = None
    high: float | None = None
    score: float = 0.0
    effect: float = 0.0
    windows: int = 0
    cause: Cause | None = None
    lately: float | None = None
    usual: float | None = None


def series(figure: Figure, past: Sequence[Measurement], now: Measurement) -> tuple[Floats, float]:
    """Return the values of a figure on its natural scale.

    Args:
        figure: what was measured.
        past: earlier windows, oldest first.
        now: the newest.

    Returns:
        Values (n,) of the earlier windows and the newest one. Of a distribution: how far each
        window is from all others before the newest.
    """
    if figure.scale is not DISTANCE:
        return np.array([_value(one) for one in past]), _value(now)
    counts = _count_table([*past, now])
    pooled = counts[:-1].sum(axis=0)
    others = pooled - counts[:-1]
    distances = [_distance(one, rest) for one, rest in zip(counts[:-1], others, strict=True)]
    return np.array(distances, float), _distance(counts[-1], pooled)


def steady(figure: Figure, past: Sequence[Measurement], now: Measurement) -> Floats:
    """Return values whose spread and level are steady in health.

    Args:
        figure: what was measured.
        past: earlier windows, oldest first.
        now: the newest.

    Returns:
        (n + 1,) transformed values, the newest last; of what grows (n,) changes against the mean of
        the values before.
    """
    before, newest = series(figure, past, now)
    values = np.append(before, newest)
    cases = np.array([one.cases for one in [*past, now]], float)
    transformed = figure.scale.transform(values, cases)
    if not figure.scale.grows:
        return transformed
    trend = [transformed[max(at - TREND, 0) : at].mean() for at in range(1, len(transformed))]
    return transformed[1:] - np.array(trend)


def judge(
    figure: Figure,
    past: Sequence[Measurement],
    now: Measurement,
    limit: float,
    before_level: Sequence[Measurement] = (),
) -> Judgement:
    """Judge the newest value of a figure.

    Args:
        figure: what was measured.
        past: earlier windows that were healthy, oldest first.
        now: the newest.
        limit: score beyond which a value is not healthy.
        before_level: healthy windows before those, oldest first, when the level was another.

    Returns:
        The judgement.
    """
    past = past[-MOST_WINDOWS:]
    before, value = series(figure, past, now)
    values = steady(figure, past, now)
    windows = values[:-1]
    earlier = older_level(figure, before_level, len(windows))
    if not can_score(len(windows), len(earlier)):
        return Judgement(figure, "short", value, windows=len(past))
    scored = score(float(values[-1]), windows, earlier)
    expected = expected_range(windows, limit, earlier)
    low, high, usual = _natural(figure, expected, before, now.cases)
    effect = figure.scale.effect(value, usual)
    judgement = Judgement(figure, "healthy", value, low, high, scored, effect, len(past))
    cause = figure.cause(effect)
    # A score and an effect of different signs: the trend is what counts, and it is not unusual.
    is_beyond = abs(scored) > limit and scored * effect > 0
    if cause is None or not is_beyond or abs(effect) < figure.scale.floor:
        return judgement
    is_sure = len(past) + len(earlier) >= SURE_WINDOWS or abs(effect) >= figure.scale.large
    return Judgement(
        figure,
        "alarm" if is_sure else "look",
        value,
        low,
        high,
        scored,
        effect,
        len(past),
        cause,
    )


def older_level(figure: Figure, before_level: Sequence[Measurement], n_windows: int) -> Floats:
    """Return steady values of an older level, as long as they are needed to tell the spread.

    A distance is one from all other windows, and is larger where these are few: of a distribution
    two levels have two spreads.

    Args:
        figure: what was measured.
        before_level: windows of the older level, oldest first.
        n_windows: of the present level.

    Returns:
        (m,); none of a distance, and where the present level tells its own spread.
    """
    if not before_level or n_windows >= SURE_WINDOWS or figure.scale is DISTANCE:
        return NO_WINDOWS
    *older, newest = before_level[-MOST_WINDOWS:]
    return steady(figure, older, newest)


def _natural(
    figure: Figure, expected: tuple[float, float], before: Floats, cases: int
) -> tuple[float, float, float]:
    """Lowest, highest and usual value, as people read them."""
    low, high = expected
    centre = (low + high) / 2
    if not figure.scale.grows:
        return tuple(map(figure.scale.invert, (low, high, centre)))  # type: ignore[return-value]
    trend = figure.scale.transform(before[-TREND:], np.full(len(before[-TREND:]), cases)).mean()
    low, high, centre = (figure.scale.invert(trend + offset) for offset in (low, high, centre))
    return low, high, centre


def _value(measurement: Measurement) -> float:
    if measurement.value is None:
        raise ValueError("a distribution has no value by itself")
    return measurement.value


def _count_table(measurements: Sequence[Measurement]) -> Floats:
    """Cases (n, v) by window and value, over the values of all windows."""
    values = sorted({value for one in measurements for value in one.counts})
    column_of = {value: at for at, value in enumerate(values)}
    table = np.zeros((len(measurements), max(len(values), 1)))
    for row, one in enumerate(measurements):
        for value, count in one.counts.items():
            table[row, column_of[value]] = count
    return table


def _distance(counts: Floats, others: Floats) -> float:
    """Jensen-Shannon distance of two counts, from 0 to 1; 0 where one is empty."""
    if not counts.sum() or not others.sum():
        return 0.0
    return float(np.nan_to_num(jensenshannon(counts, others, base=2)))
