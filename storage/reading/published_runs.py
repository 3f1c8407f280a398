"""Runs that were live once. No frame is made, so that `fusion status` answers at once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from storage.schema.tables import run, slot_move


@dataclass(frozen=True)
class PublishedRun:
    """A run that was live once.

    Attributes:
        run_no: number inside this database.
        run_id: outside name.
        as_of: up to when it knew data.
        status: as in `run`; "ready" while its lists stand in SQL.
        live_at: when it first went live.
    """

    run_no: int
    run_id: str
    as_of: datetime
    status: str
    live_at: datetime


def published_runs(engine: Engine, placement: str) -> list[PublishedRun]:
    """Return the runs that were live in a placement, whose data has times.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.

    Returns:
        Runs, the oldest first.
    """
    columns = (run.c.run_no, run.c.run_id, run.c.as_of, run.c.status)
    first_move = func.min(slot_move.c.at, type_=slot_move.c.at.type)
    was_live = (slot_move.c.placement == placement) & (slot_move.c.name == "live")
    statement = (
        select(*columns, first_move)
        .join(slot_move, slot_move.c.to_run_no == run.c.run_no)
        .where(was_live, run.c.as_of.is_not(None))
        .group_by(*columns)
        .order_by(run.c.run_no)
    )
    with engine.connect() as connection:
        return [PublishedRun(*row) for row in connection.execute(statement)]
