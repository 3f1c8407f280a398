"""Watches, and the figures of days and windows that closed healthy."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, select

from storage.database.engine import writing
from storage.schema.types import utc_now
from storage.schema.watch_tables import watch, watch_figure


@dataclass(frozen=True)
class WatchRow:
    """A stored watch.

    Attributes:
        watch_no: its number.
        at: when it was made.
        as_of: the moment at which the data was looked at.
        run_no: the run that was live; None where none was.
        layout: the grid of days and windows, and the borders of bins.
        facts: all that it measured.
    """

    watch_no: int
    at: datetime
    as_of: datetime
    run_no: int | None
    layout: dict[str, Any]
    facts: dict[str, Any]


_COLUMNS = [watch.c[name] for name in WatchRow.__dataclass_fields__]


@dataclass(frozen=True)
class FigureRow:
    """A figure of a closed day or window.

    Attributes:
        unit: "day" or "window".
        start: its first day, ISO.
        figure: key of the figure.
        value: None where the figure is a distribution.
        cases: how many cases it is of.
        counts: cases by value; None where the figure is a number.
    """

    unit: str
    start: str
    figure: str
    value: float | None
    cases: int
    counts: dict[str, int] | None


def add_watch(  # noqa: PLR0913 one argument a column
    engine: Engine,
    placement: str,
    *,
    as_of: datetime,
    run_no: int | None,
    layout: dict[str, Any],
    facts: dict[str, Any],
    figures: Iterable[FigureRow] = (),
    at: datetime | None = None,
) -> int:
    """Store a watch with the figures that it closed, in one transaction.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        as_of: aware moment at which the data was looked at.
        run_no: the run that was live.
        layout: the grid of days and windows, and the borders of bins.
        facts: all that it measured.
        figures: of days and windows; one that another watch closed meanwhile is replaced.
        at: aware time; now when None.

    Returns:
        The watch's number.
    """
    row = {
        "placement": placement,
        "at": at or utc_now(),
        "as_of": as_of,
        "run_no": run_no,
        "layout": layout,
        "facts": facts,
    }
    with writing(engine) as connection:
        added = insert(watch).values(row).returning(watch.c.watch_no)
        watch_no = int(connection.execute(added).scalar_one())
        rows = []
        spans = set()
        for one in figures:
            own = {"placement": placement, "watch_no": watch_no}
            rows.append({**own, **vars(one)})
            spans.add((one.unit, one.start))
        for unit, start in sorted(spans):
            is_same = (watch_figure.c.unit == unit) & (watch_figure.c.start == start)
            of_placement = watch_figure.c.placement == placement
            connection.execute(delete(watch_figure).where(of_placement, is_same))
        if rows:
            connection.execute(insert(watch_figure), rows)
    return watch_no


def newest_watch(engine: Engine, placement: str) -> WatchRow | None:
    """Return the newest watch of a placement; None before the first.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
    """
    newest = newest_watches(engine, placement, 1)
    return newest[0] if newest else None


def newest_watches(
    engine: Engine, placement: str, limit: int, below: int | None = None
) -> list[WatchRow]:
    """Return the newest watches of a placement, newest first.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        limit: how many at most.
        below: only those with a smaller number; None for all.
    """
    wanted = select(*_COLUMNS).where(watch.c.placement == placement)
    if below is not None:
        wanted = wanted.where(watch.c.watch_no < below)
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(watch.c.watch_no.desc()).limit(limit))
        return [WatchRow(**row._mapping) for row in rows]


def watches_by_no(engine: Engine, numbers: Collection[int]) -> dict[int, WatchRow]:
    """Return watches by their numbers.

    Args:
        engine: from `connect`.
        numbers: of watches of any placement.

    Returns:
        Those that there are.
    """
    if not numbers:
        return {}
    wanted = select(*_COLUMNS).where(watch.c.watch_no.in_(list(numbers)))
    with engine.connect() as connection:
        rows = [WatchRow(**row._mapping) for row in connection.execute(wanted)]
    return {row.watch_no: row for row in rows}


def watches_of_run(
    engine: Engine, placement: str, run_no: int, since: datetime, until: datetime
) -> list[WatchRow]:
    """Return the watches that were made while a run was live.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        run_no: the run.
        since: aware moment of the oldest data that was looked at.
        until: of the newest.

    Returns:
        Those that looked at the latest data first.
    """
    of_run = (watch.c.placement == placement) & (watch.c.run_no == run_no)
    wanted = select(*_COLUMNS).where(of_run, watch.c.as_of.between(since, until))
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(watch.c.as_of.desc(), watch.c.watch_no.desc()))
        return [WatchRow(**row._mapping) for row in rows]


def figures_since(engine: Engine, placement: str, unit: str, start: str) -> list[FigureRow]:
    """Return the figures of closed days or windows.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        unit: "day" or "window".
        start: ISO date of the first one.

    Returns:
        Rows, the oldest first.
    """
    columns = [watch_figure.c[name] for name in FigureRow.__dataclass_fields__]
    is_wanted = (watch_figure.c.placement == placement) & (watch_figure.c.unit == unit)
    wanted = select(*columns).where(is_wanted, watch_figure.c.start >= start)
    ordered = wanted.order_by(watch_figure.c.start, watch_figure.c.figure)
    with engine.connect() as connection:
        return [FigureRow(**row._mapping) for row in connection.execute(ordered)]


def newest_figures(
    engine: Engine, placement: str, unit: str, figure: str, limit: int
) -> list[FigureRow]:
    """Return a figure of the newest closed days or windows.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        unit: "day" or "window".
        figure: key of the figure.
        limit: how many at most.

    Returns:
        Rows, the oldest first.
    """
    columns = [watch_figure.c[name] for name in FigureRow.__dataclass_fields__]
    of_unit = (watch_figure.c.placement == placement) & (watch_figure.c.unit == unit)
    wanted = select(*columns).where(of_unit, watch_figure.c.figure == figure)
    newest = wanted.order_by(watch_figure.c.start.desc()).limit(limit)
    with engine.connect() as connection:
        rows = [FigureRow(**row._mapping) for row in connection.execute(newest)]
    return rows[::-1]
