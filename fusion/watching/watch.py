"""One watch: figures of what has closed, their judgement, and what is kept for the next."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from fusion.watching.alarms import Alarm, group_by_cause, without_signs
from fusion.watching.calendar import Span
from fusion.watching.closing import Closed, Closing
from fusion.watching.figure import DAY, WINDOW
from fusion.watching.figures.known_ids import KnownIds, compare
from fusion.watching.figures.measuring import (
    Measurements,
    WatchedData,
    measure_days,
    measure_windows,
)
from fusion.watching.past import Layout, Past
from fusion.watching.silence import judge_silence
from fusion.watching.statistics.false_alarms import FalseAlarmBudget
from fusion.watching.statistics.judge import Judgement

FIGURES_OF_A_DAY = 2


@dataclass(frozen=True)
class WatchResult:
    """Figures and alarms of one watch.

    Attributes:
        days: that no watch had closed healthy, and the newest one; oldest first.
        windows: likewise.
        comparison: of the sample with what was known of it; empty where nothing was.
        silence: time since the newest event; None without events.
        alarms: one for each cause.
        limit: score beyond which a figure is not healthy.
    """

    days: tuple[Closed, ...]
    windows: tuple[Closed, ...]
    comparison: tuple[Judgement, ...]
    silence: Judgement | None
    alarms: tuple[Alarm, ...]
    limit: float


def watch(  # noqa: PLR0913 everything that a watch looks at
    data: WatchedData,
    past: Past,
    layout: Layout,
    now: datetime,
    *,
    false_alarms: float = 1.0,
    known: tuple[KnownIds, KnownIds] | None = None,
    expected: Mapping[str, date] | None = None,
) -> WatchResult:
    """Measure and judge what has closed since the last watch.

    Args:
        data: all events before `now`, and tables.
        past: what earlier watches kept; what this one keeps is added.
        layout: the grid of windows.
        now: aware moment.
        false_alarms: expected in a year.
        known: the sample as an earlier watch kept it, and as it is now.
        expected: by "day" and "window", first day of the newest that a person took as expected.

    Returns:
        Figures, alarms, and which days and windows are kept.
    """
    is_first = not past.windows and not past.days
    silence = judge_silence(data.log, layout.window_days, now)
    is_silent = silence is not None and silence.cause is not None
    spans = {
        unit: spans_to_measure(data, layout, past, unit, now, is_silent=is_silent)
        for unit in (DAY, WINDOW)
    }
    days = measure_days(data.log, spans[DAY])
    windows = measure_windows(data, spans[WINDOW])
    n_windowed = max((len(figures) for figures in windows.values()), default=1)
    budget = FalseAlarmBudget(false_alarms, FIGURES_OF_A_DAY, n_windowed, layout.window_days)
    closed = {}
    for unit, measured in ((DAY, days), (WINDOW, windows)):
        taken = (expected or {}).get(unit, date.min)
        closed[unit] = Closing(unit, past, budget, taken, is_first).close(measured)
    comparison = _judge_comparison(compare(*known) if known else {})
    today = layout.spans(DAY, now)[-1].first
    of_today = [*comparison, *([silence] if silence else [])]
    alarms = _alarms([*closed[DAY], *closed[WINDOW]], of_today, today)
    return WatchResult(
        tuple(closed[DAY]),
        tuple(closed[WINDOW]),
        comparison,
        silence,
        alarms,
        limit=budget.band_score,
    )


def spans_to_measure(
    data: WatchedData,
    layout: Layout,
    past: Past,
    unit: str,
    now: datetime,
    *,
    is_silent: bool = False,
) -> list[Span]:
    """List the closed days or windows that are measured.

    Args:
        data: all events.
        layout: the grid of windows.
        past: what earlier watches kept.
        unit: "day" or "window".
        now: aware moment.
        is_silent: whether the data has ended: what lies behind its newest event is not healthy,
            and must not be kept as if it were.

    Returns:
        Those that are not kept, from the first whole one of the data on, and the newest, which is
        measured by every watch so that it says the same twice. Oldest first.
    """
    events = data.log.events
    if events.is_empty():
        return []
    oldest = int(events["time"][0])
    kept = past.of(unit)
    begin = min(kept, default=date.min)
    end = int(events["time"][-1]) if is_silent else math.inf
    spans = [span for span in layout.spans(unit, now) if span.start >= oldest and span.end <= end]
    newest = spans[-1:]
    missing = [span for span in spans[:-1] if span.first not in kept and span.first >= begin]
    return missing + newest


def _judge_comparison(comparison: Measurements) -> tuple[Judgement, ...]:
    """Judge shares of known ids that are gone or changed: only large ones are beyond health."""
    judgements = []
    for figure, measurement in comparison.items():
        value, limit = measurement.value or 0.0, figure.scale.large
        cause = figure.cause(value) if value >= limit else None
        judged = Judgement(
            figure,
            "healthy" if cause is None else "alarm",
            value,
            low=0.0,
            high=limit,
            effect=value,
            cause=cause,
        )
        judgements.append(judged)
    return tuple(judgements)


def _alarms(
    closed: Iterable[Closed], of_today: Iterable[Judgement], today: date
) -> tuple[Alarm, ...]:
    """Alarms of all that is news, of each cause the newest one."""
    by_cause: dict[tuple[str, str], Alarm] = {}

    def add(unit: str, start: date, judgements: Iterable[Judgement]) -> None:
        for alarm in group_by_cause(unit, start, judgements):
            by_cause[alarm.cause.code, alarm.subject] = alarm

    for one in closed:
        # What was kept before has had its alarm, and perhaps its answer.
        if one.is_new:
            add(one.unit, one.start, [*one.lasting, *one.judgements])
    add(DAY, today, of_today)
    return without_signs(by_cause.values())
