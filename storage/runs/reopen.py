"""Open a run again whose rows are to be loaded from its folder."""

from sqlalchemy import Engine, select, update

from fusion.errors import Overtaken, Refused
from storage.database.engine import writing
from storage.runs.liveness import begin_life, describe_holder, is_alive, require_training
from storage.runs.partitions import remove_lists
from storage.runs.runs import run_row
from storage.schema.row_objects import RunRow
from storage.schema.tables import run, slot


def run_by_id(engine: Engine, run_id: str) -> RunRow | None:
    """Return a run of any placement; None where the database has no row of it.

    Args:
        engine: from `connect`.
        run_id: outside name.
    """
    with engine.connect() as connection:
        row = connection.execute(select(run).where(run.c.run_id == run_id)).mappings().one_or_none()
    return None if row is None else run_row(row)


def reopen_run(engine: Engine, run_no: int) -> None:
    """Put a run back into training, without lists, as `start_run` leaves one.

    Whoever calls it loads the rows and ends the run with `finish_run`; killed before, a sweep ends
    it as failed, and it can be opened once more.

    Args:
        engine: from `connect`.
        run_no: a run that no process trains and no slot shows.

    Raises:
        Refused: a slot shows it: its lists must not go from under readers.
        Overtaken: its training goes on.
        Temporary: a reader holds its lists for long.
    """
    this_run = run.c.run_no == run_no
    with writing(engine) as connection:
        connection.execute(select(run.c.status).where(this_run).with_for_update(key_share=True))
        if is_alive(connection, run_no, lock=True):
            holder = describe_holder(connection, run_no)
            raise Overtaken(f"run number {run_no} is in training{holder}: wait until it has ended")
        shown = connection.execute(select(slot.c.name).where(slot.c.run_no == run_no)).scalar()
        if shown is not None:
            raise Refused(
                f"slot {shown!r} shows run number {run_no}, so that its rows cannot be loaded "
                "anew: `fusion rollback` first shows the run before, then publish it again"
            )
        opened = {"status": "training", "finished_at": None}
        connection.execute(update(run).where(this_run).values(opened))
        begin_life(connection, run_no)
    # Figures stay: those of the training are replaced, and those of monitoring stand nowhere else.
    remove_lists(engine, run_no, with_metrics=False)


def resume_run(engine: Engine, run_no: int) -> str | None:
    """Take a run of this process up again whose load was cut off by a lost connection.

    Its sign of life went on meanwhile; what was loaded goes.

    Args:
        engine: from `connect`.
        run_no: a run that this process trained.

    Returns:
        Its status: `training` where its rows are to be loaded; that in which `finish_run` left it
        where only the answer was lost; `failed` where a sweep was faster.

    Raises:
        Temporary: it was taken for dead, and another process loads it now.
    """
    with writing(engine) as connection:
        status: str | None = connection.scalar(select(run.c.status).where(run.c.run_no == run_no))
        if status == "training":
            require_training(connection, run_no)
    if status == "training":
        remove_lists(engine, run_no, with_metrics=False)
    return status
