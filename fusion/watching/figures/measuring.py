"""Measurement of all figures of closed days and windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from fusion.watching import causes
from fusion.watching.calendar import Span
from fusion.watching.figure import Figure, Measurement
from fusion.watching.figures.attribute_figures import measure_attributes
from fusion.watching.figures.event_figures import ROWS, WindowEvents, measure_events
from fusion.watching.figures.letter_pairs import LetterPairs
from fusion.watching.figures.taste import TASTE, measure_taste
from fusion.watching.reading.attribute_table import TEXT, AttributeTable, Edges
from fusion.watching.reading.event_log import EventLog
from fusion.watching.scales import COUNT

DAY_ROWS = Figure(
    "interactions",
    "rows_of_day",
    COUNT,
    "interactions of a day",
    low=causes.FEWER,
    far_low=causes.MISSING,
    high=causes.MORE,
)
DAY_USERS = Figure(
    "users",
    "active_of_day",
    COUNT,
    "active users of a day",
    low=causes.FEWER,
    far_low=causes.MISSING,
    high=causes.MORE,
)
Measurements = dict[Figure, Measurement]
"""The figures of one day or window."""


@dataclass(frozen=True)
class WatchedData:
    """Everything that is measured.

    Attributes:
        log: all events before the moment of the watch.
        tables: of users and items, where there are any.
        has_likes: whether [data] positive says what is liked.
        edges: borders of the bins of numbers, by "users" and "items".
    """

    log: EventLog
    tables: Sequence[AttributeTable]
    has_likes: bool
    edges: Mapping[str, Edges]


def measure_days(log: EventLog, days: Sequence[Span]) -> dict[date, Measurements]:
    """Measure the volume of closed days.

    Args:
        log: all events.
        days: of one day each, oldest first.

    Returns:
        Figures by day; of a day without events zeros.
    """
    if not days:
        return {}
    timezone = days[0].timezone
    is_inside = pl.col("time").is_between(days[0].start, days[-1].end, closed="left")
    moment = pl.from_epoch("time", time_unit="ms").dt.replace_time_zone("UTC")
    day = moment.dt.convert_time_zone(timezone).dt.date().alias("day")
    counted = (
        log.events.filter(is_inside)
        .group_by(day)
        .agg(pl.len().alias("rows"), pl.col("user").n_unique().alias("users"))
    )
    by_day = {row["day"]: row for row in counted.iter_rows(named=True)}
    measured = {}
    for span in days:
        row = by_day.get(span.first, {"rows": 0, "users": 0})
        measured[span.first] = {
            DAY_ROWS: Measurement(row["rows"], row["rows"]),
            DAY_USERS: Measurement(row["users"], row["rows"]),
        }
    return measured


def measure_windows(data: WatchedData, windows: Sequence[Span]) -> dict[date, Measurements]:
    """Measure closed windows.

    Args:
        data: all events and tables.
        windows: in any order.

    Returns:
        Figures by first day; a window without events has its number of rows alone.
    """
    events = data.log.events
    first = {}
    for column in ("user", "item"):
        with_id = events.lazy().filter(pl.col(column).is_not_null())
        earliest = with_id.group_by(column).agg(pl.col("time").min().alias("first"))
        first[column] = earliest.collect(engine="streaming")
    texts = {table.subject: LetterPairs.of(table) for table in data.tables if TEXT in table.columns}
    measured = {}
    for window in windows:
        begin, end = (
            int(events["time"].search_sorted(moment, side="left"))
            for moment in (window.start, window.end)
        )
        inside = events[begin:end]
        measured[window.first] = _measure_window(data, window, inside, first, texts)
    return measured


def _measure_window(
    data: WatchedData,
    window: Span,
    events: pl.DataFrame,
    first: dict[str, pl.DataFrame],
    texts: dict[str, LetterPairs],
) -> Measurements:
    if events.is_empty():
        return {ROWS: Measurement(0, 0)}
    seen = WindowEvents(
        events,
        window.start,
        window.timezone,
        window.days,
        first,
        data.log.has_weights,
        data.has_likes,
    )
    measured = measure_events(seen)
    taste = measure_taste(data.log.events, window.start, window.end)
    if taste is not None:
        measured[TASTE] = taste
    for table in data.tables:
        # Users count once, as the people who came; items as often as they were chosen.
        users = events["user"].drop_nulls().unique()
        ids = users if table.subject == "users" else events["item"].drop_nulls()
        edges = data.edges.get(table.subject, {})
        measured |= measure_attributes(table, ids, edges, texts.get(table.subject))
    return measured
