"""What monitoring found and what the retraining policy decided."""

from datetime import datetime

from sqlalchemy import Engine, insert, select

from storage.database.engine import writing
from storage.schema.row_objects import Decision
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
    """Write down that a figure passed its threshold; give the alert's id. `at` is aware, now when None."""
    row = {
        "run_no": run_no,
        "subject": subject,
        "name": name,
        "value": value,
        "threshold": threshold,
    }
    with writing(engine) as connection:
        added = (
            insert(alert)
            .values(row | {"message": message, "at": at or utc_now()})
            .returning(alert.c.id)
        )
        return int(connection.execute(added).scalar_one())


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
    """Write down whether a retraining was due and why; give the decision's id.

    Args:
        engine: from `connect`.
        placement: whose retraining.
        due: whether it was.
        reason: in words for a person.
        trigger: what asked or decided, such as `age`, `drift`, `force`.
        run_no: the live run that was looked at, or None while there is none.
        at: aware time; now when None.

    """
    row = {
        "placement": placement,
        "due": due,
        "reason": reason,
        "trigger": trigger,
        "run_no": run_no,
    }
    with writing(engine) as connection:
        added = insert(decision).values(row | {"at": at or utc_now()}).returning(decision.c.id)
        return int(connection.execute(added).scalar_one())


def last_decision(engine: Engine, placement: str, due: bool | None = None) -> Decision | None:
    """Give a placement's newest decision, or its newest that was (or was not) `due`; None without one."""
    newest = (
        select(decision)
        .where(decision.c.placement == placement)
        .order_by(decision.c.id.desc())
        .limit(1)
    )
    if due is not None:
        newest = newest.where(decision.c.due.is_(due))
    with engine.connect() as connection:
        row = connection.execute(newest).mappings().one_or_none()
    return None if row is None else Decision(**row)
