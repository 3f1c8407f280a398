"""Everything that a watch reads: events and tables with hashes for ids, and what was kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import polars as pl

from flows.session import Session
from flows.steps.keep.forgotten import read_forgotten
from fusion.config.sections import DEFAULT_WINDOW
from fusion.ingest.formats.files import open_table
from fusion.ingest.people.pseudonyms import Pseudonyms
from fusion.ingest.tables import read_items, read_users
from fusion.watching.figure import DAY, WINDOW, Measurement
from fusion.watching.figures.measuring import WatchedData
from fusion.watching.past import DAYS_KEPT, Layout, Past, Stored
from fusion.watching.reading.attribute_table import (
    AttributeTable,
    Edges,
    attribute_table,
    decile_edges,
)
from fusion.watching.reading.event_log import read_event_log
from fusion.watching.reading.id_hashes import Prepare
from fusion.watching.statistics.prediction_scores import MOST_WINDOWS
from storage.reading.frames import read_sql
from storage.schema.row_objects import LiveRun
from storage.watches.alert_rows import AlertRow
from storage.watches.answers import ANSWERED_BY
from storage.watches.watches import FigureRow, WatchRow, figures_since

EdgesBySubject = Mapping[str, Edges]


@dataclass(frozen=True)
class WatchLayout:
    """Settings that the first watch fixed.

    Attributes:
        grid: of windows.
        edges: borders of the bins of numbers, by "users" and "items".
    """

    grid: Layout
    edges: EdgesBySubject

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "WatchLayout":
        """Read what `as_dict` made.

        Args:
            stored: of the table `watch`.
        """
        anchor = date.fromisoformat(stored["anchor"])
        grid = Layout(anchor, stored["window_days"], stored["timezone"])
        return cls(grid, stored["edges"])

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        grid = self.grid
        return {
            "anchor": grid.anchor.isoformat(),
            "window_days": grid.window_days,
            "timezone": grid.timezone,
            "edges": dict(self.edges),
        }


def read_data(
    session: Session, now: datetime, layout: WatchLayout | None, live_run: LiveRun | None
) -> tuple[WatchedData, WatchLayout]:
    """Read events and tables.

    Args:
        session: the configuration; data in SQL is read relative to its folder, too.
        now: events from then on are left out.
        layout: of earlier watches; None makes the first.
        live_run: its window is taken where [split] names none.

    Returns:
        The data, and the layout.

    Raises:
        ConfigError: a key of the environment is missing.
        DataError: the data cannot be read.
        Temporary: a database is busy or away.
    """
    settings = session.config.data
    prepare = id_preparer(session)
    query = partial(read_sql, base=session.base)
    log = read_event_log(settings, session.base, now, query, prepare)
    tables = read_tables(session, prepare)
    if layout is None:
        window = _window_days(session, live_run)
        grid = Layout.first(now, window, settings.timezone)
        layout = WatchLayout(grid, {table.subject: decile_edges(table) for table in tables})
    has_likes = settings.positive is not None
    return WatchedData(log, tables, has_likes, layout.edges), layout


def id_preparer(session: Session) -> Prepare:
    """Return what turns users' ids into those that are stored; null for who is forgotten.

    Args:
        session: the configuration, and the database, which knows who is forgotten.

    Raises:
        ConfigError: a key of the environment is missing.
    """
    forgotten = read_forgotten(session.engine)
    pseudonyms = Pseudonyms.from_environment() if session.config.data.pseudonyms else None

    def prepare(ids: pl.Series) -> pl.Series:
        if forgotten is not None:
            ids = ids.set(forgotten(ids), None)
        return ids if pseudonyms is None else pseudonyms.of_all(ids)

    return prepare


def read_tables(session: Session, prepare: Prepare) -> list[AttributeTable]:
    """Read the tables of users and items, as far as they are configured.

    Args:
        session: the configuration.
        prepare: turns users' ids into those that are stored.

    Returns:
        The tables by hashed ids.

    Raises:
        DataError: a table cannot be read.
        Temporary: a database is busy or away.
    """
    settings = session.config.data
    query = partial(read_sql, base=session.base)
    tables = []
    for subject, read in (("users", read_users), ("items", read_items)):
        source = getattr(settings, subject)
        if source is None:
            continue
        has_names = not settings.is_by_position(subject)  # type: ignore[arg-type]
        table, _ = read(settings, open_table(subject, source, session.base, query, has_names))
        own = {"prepare": prepare} if subject == "users" else {}
        tables.append(attribute_table(subject, table, **own))
    return tables


def _window_days(session: Session, live_run: LiveRun | None) -> int:
    verdict = (live_run.run.verdict or {}) if live_run else {}
    of_live = verdict.get("split", {}).get("window")
    return session.config.split.window or of_live or DEFAULT_WINDOW


def read_past(session: Session, layout: WatchLayout, now: datetime, stored: WatchRow) -> Past:
    """Read what earlier watches kept.

    Args:
        session: the database.
        layout: of these watches.
        now: aware moment of the present watch.
        stored: the newest of them.

    Returns:
        Days and windows that can still judge others.
    """
    longest = MOST_WINDOWS * layout.grid.window_days
    past = Past()
    for unit, days in ((DAY, DAYS_KEPT), (WINDOW, longest + layout.grid.window_days)):
        since = (min(now, stored.as_of) - timedelta(days=days)).date()
        rows = figures_since(session.engine, session.placement, unit, since.isoformat())
        past.of(unit).update(_by_start(rows))
    return past


def _by_start(rows: Iterable[FigureRow]) -> dict[date, Stored]:
    by_start: dict[date, Stored] = {}
    for row in rows:
        measurement = Measurement(row.value, row.cases, row.counts or {})
        by_start.setdefault(date.fromisoformat(row.start), {})[row.figure] = measurement
    return by_start


def expected_until(alerts: Iterable[AlertRow]) -> dict[str, date]:
    """Return up to when days and windows are as a person expected, though they are unusual.

    Args:
        alerts: of watches, in any state.

    Returns:
        First day of the newest one, by "day" and "window".
    """
    until: dict[str, date] = {}
    for unit, start, _ in _expected(alerts):
        until[unit] = max(start, until.get(unit, date.min))
    return until


def new_baselines(alerts: Iterable[AlertRow]) -> dict[str, date]:
    """Return from when on figures are compared, where a person took a change as expected.

    A change that a training has answered is health from its window on, too.

    Args:
        alerts: of watches, in any state.

    Returns:
        First day by the key of a figure.
    """
    baselines: dict[str, date] = {}
    listed = list(alerts)
    for _, start, figures in (*_expected(listed), *_answered(listed)):
        for key in figures:
            baselines[key] = max(start, baselines.get(key, date.min))
    return baselines


def _expected(alerts: Iterable[AlertRow]) -> Iterable[tuple[str, date, list[str]]]:
    for alert in alerts:
        said = alert.parameters or {}
        if alert.is_expected and "start" in said:
            yield said["unit"], date.fromisoformat(said["start"]), said["figures"]


def _answered(alerts: Iterable[AlertRow]) -> Iterable[tuple[str, date, list[str]]]:
    for alert in alerts:
        said = alert.parameters or {}
        if ANSWERED_BY in said:
            yield said["unit"], date.fromisoformat(said["start"]), said["figures"]
