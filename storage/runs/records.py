"""Alerts of monitoring, and decisions of the retraining policy."""

from datetime import datetime

from sqlalchemy import Engine, insert

from storage.database.engine import writing
from storage.schema.tables import alert, decision
from storage.schema.types import utc_now


def add_alert(  # noqa: PLR0913 one argument a column
    engine: Engine,
    run_no: int,
    subject: str,
    name: str,
    *,
    value: float | None,
    threshold: float | None,
    message: str,
    at: datetime | None = None,
) -> int:
    """Record that a figure passed its threshold.

    Args:
        engine: from `connect`.
        run_no: the run that was monitored.
        subject: what was measured, as in `metric`.
        name: the figure, as in `metric`.
        value: what it was; None when it could not be computed.
        threshold: what it may be; None where there is none.
        message: in words for a person.
        at: aware time; now when None.

    Returns:
        The alert's id.
    """
    row = {
        "run_no": run_no,
        "subject": subject,
        "name": name,
        "value": value,
        "threshold": threshold,
        "message": message,
        "at": at or utc_now(),
    }
    statement = insert(alert).values(row).returning(alert.c.id)
    with writing(engine) as connection:
        return int(connection.execute(statement).scalar_one())


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
