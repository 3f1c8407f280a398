"""One watch: figures of what has closed, their judgement, and what is kept for the next."""

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
from fusion.watching.statistics.false_alarms import FalseAlarmBudget
from fusion.watching.statistics.judge import Judgement

FIGURES_OF_A_DAY = 2


@dataclass(frozen=True)
class Watched:
    """What a watch found.

    Attributes:
        days: that no watch had closed healthy, and the newest one; oldest first.
        windows: likewise.
        comparison: of the sample with what was known of it; empty where nothing was.
        alarms: one for each cause.
    """

    days: tuple[Closed, ...]
    windows: tuple[Closed, ...]
    comparison: tuple[Judgement, ...]
    alarms: tuple[Alarm, ...]


def watch(  # noqa: PLR0913 everything that a watch looks at
    data: WatchedData,
    past: Past,
    layout: Layout,
    now: datetime,
    *,
    false_alarms: float = 1.0,
    known: tuple[KnownIds, KnownIds] | None = None,
    expected: Mapping[str, date] | None = None,
) -> Watched:
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
    days = measure_days(data.log, spans_to_measure(data, layout, past, DAY, now))
    windows = measure_windows(data, spans_to_measure(data, layout, past, WINDOW, now))
    n_windowed = max((len(figures) for figures in windows.values()), default=1)
    budget = FalseAlarmBudget(false_alarms, FIGURES_OF_A_DAY, n_windowed, layout.window_days)
    closed = {}
    for unit, measured in ((DAY, days), (WINDOW, windows)):
        taken = (expected or {}).get(unit, date.min)
        closed[unit] = Closing(unit, past, budget, taken, is_first).close(measured)
    comparison = _judge_comparison(compare(*known) if known else {})
    today = layout.spans(DAY, now)[-1].first
    alarms = _alarms([*closed[DAY], *closed[WINDOW]], comparison, today)
    return Watched(tuple(closed[DAY]), tuple(closed[WINDOW]), comparison, alarms)


def spans_to_measure(
    data: WatchedData, layout: Layout, past: Past, unit: str, now: datetime
) -> list[Span]:
    """List the closed days or windows that are measured.

    Args:
        data: all events.
        layout: the grid of windows.
        past: what earlier watches kept.
        unit: "day" or "window".
        now: aware moment.

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
    spans = [span for span in layout.spans(unit, now) if span.start >= oldest]
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
    closed: Iterable[Closed], comparison: tuple[Judgement, ...], today: date
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
    add(DAY, today, comparison)
    return without_signs(by_cause.values())
