"""Decisions of the retraining policy."""

from datetime import datetime

from sqlalchemy import Engine, insert

from storage.database.engine import writing
from storage.schema.tables import decision
from storage.schema.types import utc_now


def add_decision(  # noqa: PLR0913 one argument a column
    engine: Engine,
    placement: str,
    due: bool,
    *,
    reason: str,
    trigger: str,
    run_no: int | None = None,
    at: datetime | None = None,
) -> int:
    """Record whether a retraining was due, and why.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        due: whether a retraining was due.
        reason: in words for a person.
        trigger: what decided, such as `age`, `cooldown`, `force`.
        run_no: the live run that was looked at; None while there is none.
        at: aware time; now when None.

    Returns:
        The decision's id.
    """
    row = {
        "placement": placement,
        "due": due,
        "reason": reason,
        "trigger": trigger,
        "run_no": run_no,
        "at": at or utc_now(),
    }
    statement = insert(decision).values(row).returning(decision.c.id)
    with writing(engine) as connection:
        return int(connection.execute(statement).scalar_one())
