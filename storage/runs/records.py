"""Decisions of the retraining policy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, select

from storage.database.engine import writing
from storage.schema.types import utc_now
from storage.schema.watch_tables import decision


@dataclass(frozen=True)
class DecisionRow:
    """A stored answer of the policy.

    Attributes:
        at: when it was asked.
        due: whether a training was due.
        trigger: what decided.
        reason: in words for a person.
    """

    at: datetime
    due: bool
    trigger: str
    reason: str


def newest_decision(engine: Engine, placement: str) -> DecisionRow | None:
    """Return the policy's newest answer; None before the first.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
    """
    columns = [decision.c[name] for name in DecisionRow.__dataclass_fields__]
    newest = select(*columns).where(decision.c.placement == placement)
    with engine.connect() as connection:
        row = connection.execute(newest.order_by(decision.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else DecisionRow(**row._mapping)


def add_decision(  # noqa: PLR0913 one argument a column
    engine: Engine,
    placement: str,
    due: bool,
    *,
    reason: str,
    trigger: str,
    run_no: int | None = None,
    code: str | None = None,
    parameters: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
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
        code: of the sentence in `reason`.
        parameters: what the sentence was made of.
        facts: all that was looked at, with thresholds.
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
        "code": code,
        "parameters": parameters,
        "facts": facts,
        "at": at or utc_now(),
    }
    statement = insert(decision).values(row).returning(decision.c.id)
    with writing(engine) as connection:
        return int(connection.execute(statement).scalar_one())
