"""Turns of a replay in its own database, each at a moment of the past: found, or taken back."""

from datetime import datetime

from sqlalchemy import Engine, delete, select

from storage.database.engine import writing
from storage.runs.runs import run_row
from storage.runs.sweep import sweep
from storage.schema.row_objects import RunRow
from storage.schema.tables import run
from storage.schema.watch_tables import decision


def run_as_of(engine: Engine, placement: str, moment: datetime) -> RunRow | None:
    """Return the run that a placement trained at a moment, whole.

    Args:
        engine: of the replay.
        placement: of the policy.
        moment: aware time, as of which it was trained.

    Returns:
        The run; None where there is none that ended ready or rejected.
    """
    ended = run.c.status.in_(("ready", "rejected"))
    of_turn = (run.c.placement == placement) & (run.c.as_of == moment) & ended
    with engine.connect() as connection:
        row = connection.execute(select(run).where(of_turn)).mappings().first()
    return run_row(row) if row else None


def decision_at(engine: Engine, placement: str, moment: datetime) -> tuple[bool, str, str]:
    """Return what was decided at a moment.

    Args:
        engine: of the replay.
        placement: of the policy.
        moment: aware time.

    Returns:
        Whether a training was due, the rule that decided, and the reason in words.
    """
    columns = (decision.c.due, decision.c.trigger, decision.c.reason)
    of_turn = (decision.c.placement == placement) & (decision.c.at == moment)
    newest = select(*columns).where(of_turn).order_by(decision.c.id.desc()).limit(1)
    with engine.connect() as connection:
        row = connection.execute(newest).one()
    return bool(row.due), row.trigger, row.reason


def remove_unfinished(engine: Engine, placement: str, moment: datetime) -> None:
    """Take back what a turn left that was killed: its decision, and the run that it had begun.

    A policy would take that run for one that failed.

    Args:
        engine: of the replay.
        placement: of the policy.
        moment: aware time of the turn.
    """
    sweep(engine, placement)
    of_turn = (run.c.placement == placement) & (run.c.as_of == moment) & (run.c.status == "failed")
    with writing(engine) as connection:
        decided = (decision.c.placement == placement) & (decision.c.at == moment)
        connection.execute(delete(decision).where(decided))
        connection.execute(delete(run).where(of_turn))
