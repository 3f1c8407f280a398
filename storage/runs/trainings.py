"""Trainings with how they ended, without their manifests, which are long."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from storage.runs.past.kinds import BACKFILL
from storage.schema.tables import run


@dataclass(frozen=True)
class TrainingRow:
    """Outcome of a training.

    Attributes:
        run_no: number of its run.
        run_id: outside name of its run.
        status: `training`, `ready`, `rejected`, `failed` or `deleted`.
        began_at: when.
        ended_at: when; None while it goes on.
        exit_code: of the failure that ended it; None where none did, or nobody could say.
        was_refused: whether a check refused to publish it.
    """

    run_no: int
    run_id: str
    status: str
    began_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    was_refused: bool


def newest_trainings(engine: Engine, placement: str, limit: int = 20) -> list[TrainingRow]:
    """Return the newest trainings of a placement, newest first.

    Runs that `fusion backfill` made of the past are none: no turn of the loop made them.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        limit: how many.
    """
    columns = (run.c.run_no, run.c.run_id, run.c.status, run.c.created_at, run.c.finished_at)
    exit_code = run.c.manifest["exit_code"].as_integer().label("exit_code")
    refusals = run.c.manifest["refusals"].as_string().label("refusals")
    of_loop = (run.c.placement == placement) & (run.c.kind != BACKFILL)
    wanted = select(*columns, exit_code, refusals).where(of_loop)
    newest = wanted.order_by(run.c.run_no.desc()).limit(limit)
    with engine.connect() as connection:
        rows = connection.execute(newest).all()
    trainings = []
    for row in rows:
        times = (row.created_at, row.finished_at)
        was_refused = row.refusals is not None
        trainings.append(
            TrainingRow(row.run_no, row.run_id, row.status, *times, row.exit_code, was_refused)
        )
    return trainings
