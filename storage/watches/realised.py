"""Realised figures: what became of the lists of each run, by events after it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, delete, insert, select

from storage.database.engine import writing
from storage.schema.tables import run
from storage.schema.watch_tables import realised

Horizon = Literal["day", "window", "daily"]
"""The first day, as many days as the verdict's window, and every closed day so far."""


@dataclass(frozen=True)
class RealisedRow:
    """A figure of a run.

    Attributes:
        run_no: the run.
        horizon: "day" or "window" after its as_of, or "daily": a confidence sequence over users'
            days while the run was live.
        segment: "all" (users with a history), "everyone", a route, "new_items" or "column=value".
        name: ndcg, recall, precision, hit or any_hit; with `_over_fallback`, how much more that is
            than what the fallback would have had.
        k: places that count.
        value: the mean.
        low: lower end of its interval of 95 %.
        high: upper end.
        users: users with a label; of "daily" users' days.
        is_early: whether the horizon had not closed.
        sequence: of "daily", what the next day needs; None else.
    """

    run_no: int
    horizon: Horizon
    segment: str
    name: str
    k: int
    value: float
    low: float
    high: float
    users: int
    is_early: bool
    sequence: dict[str, Any] | None = None


def add_realised(engine: Engine, watch_no: int, rows: Iterable[RealisedRow]) -> None:
    """Store figures; those of the same run and horizon that stood before are replaced.

    Args:
        engine: from `connect`.
        watch_no: the watch that measured them.
        rows: all figures of their runs and horizons.
    """
    stored = [{**asdict(row), "watch_no": watch_no} for row in rows]
    if not stored:
        return
    with writing(engine) as connection:
        for run_no, horizon in sorted({(row["run_no"], row["horizon"]) for row in stored}):
            is_same = (realised.c.run_no == run_no) & (realised.c.horizon == horizon)
            connection.execute(delete(realised).where(is_same))
        connection.execute(insert(realised), stored)


def realised_of(engine: Engine, placement: str, run_no: int) -> list[RealisedRow]:
    """Return what became of a run's lists.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        run_no: the run.

    Returns:
        Rows by horizon, segment, name and k; none for a run that nothing is known of yet.
    """
    return _read(engine, placement, realised.c.run_no == run_no)


def first_screens(engine: Engine, placement: str) -> list[RealisedRow]:
    """Return NDCG@10 over users with a history of every run and horizon.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.

    Returns:
        Rows, the oldest run first.
    """
    is_main = (realised.c.segment == "all") & (realised.c.name == "ndcg") & (realised.c.k == 10)
    return _read(engine, placement, is_main)


def _read(engine: Engine, placement: str, wanted: ColumnElement[bool]) -> list[RealisedRow]:
    columns = [realised.c[name] for name in RealisedRow.__dataclass_fields__]
    of_placement = select(*columns).join(run, run.c.run_no == realised.c.run_no)
    statement = of_placement.where(run.c.placement == placement, wanted).order_by(
        realised.c.run_no, realised.c.horizon, realised.c.segment, realised.c.name, realised.c.k
    )
    with engine.connect() as connection:
        return [RealisedRow(**row._mapping) for row in connection.execute(statement)]
