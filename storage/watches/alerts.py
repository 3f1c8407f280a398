"""Alerts: one row a cause and placement, from when it is raised until it is resolved."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from fusion.errors import DataError
from storage.database.engine import writing
from storage.schema.types import utc_now
from storage.schema.watch_tables import alert
from storage.watches.alert_rows import AlertRow, NewAlert, State

ALERT_COLUMNS = [alert.c[name] for name in AlertRow.__dataclass_fields__]
"""What is selected for an `AlertRow`."""


def raise_alert(
    engine: Engine,
    placement: str,
    new: NewAlert,
    *,
    run_no: int | None = None,
    watch_no: int | None = None,
    at: datetime | None = None,
) -> tuple[int, bool]:
    """Raise an alert, or see one that stands already again.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        new: what was found.
        run_no: the run that it is about.
        watch_no: the watch that found it.
        at: aware time; now when None.

    Returns:
        The alert's id, and whether it is news.
    """
    moment = at or utc_now()
    seen = {
        "name": new.name,
        "kind": new.kind,
        "severity": new.severity,
        "seen_at": moment,
        "run_no": run_no,
        "watch_no": watch_no,
        "value": new.value,
        "threshold": new.threshold,
        "message": new.message,
        "parameters": new.parameters,
    }
    with writing(engine) as connection:
        standing = _standing(connection, placement, new.cause, new.subject)
        if standing is not None:
            connection.execute(update(alert).where(alert.c.id == standing).values(seen))
            return standing, False
        own = {"placement": placement, "cause": new.cause, "subject": new.subject}
        row = {**own, **seen, "state": "open", "at": moment}
        added = insert(alert).values(row).returning(alert.c.id)
        return int(connection.execute(added).scalar_one()), True


def _standing(connection: Connection, placement: str, cause: str, subject: str) -> int | None:
    """Id of the alert of a cause that is not resolved."""
    same = (alert.c.placement == placement) & (alert.c.cause == cause)
    wanted = select(alert.c.id).where(same, alert.c.subject == subject, alert.c.state != "resolved")
    # A writing transaction excludes others on SQLite; on PostgreSQL the row itself is locked.
    found: int | None = connection.execute(wanted.with_for_update().limit(1)).scalar_one_or_none()
    return found


def resolve_alerts(
    engine: Engine, ids: Collection[int], why: str, at: datetime | None = None
) -> None:
    """Resolve alerts whose cause is gone.

    Args:
        engine: from `connect`.
        ids: of the alerts.
        why: how that is known, in words for a person.
        at: aware time; now when None.
    """
    if not ids:
        return
    change = {"state": "resolved", "resolved_at": at or utc_now(), "resolved_why": why}
    with writing(engine) as connection:
        connection.execute(update(alert).where(alert.c.id.in_(list(ids))).values(change))


def acknowledge(  # noqa: PLR0913 one argument a column
    engine: Engine,
    placement: str,
    alert_id: int,
    *,
    by: str,
    why: str,
    until: datetime | None = None,
    is_expected: bool = False,
    at: datetime | None = None,
) -> AlertRow:
    """Acknowledge an alert: somebody knows of it, and it holds nothing up any more.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        alert_id: of the alert.
        by: who.
        why: in words for others.
        until: aware time from which on it is open again; None for good.
        is_expected: whether what it shows is health from now on.
        at: aware time; now when None.

    Returns:
        The alert as it is now.

    Raises:
        DataError: there is no such alert, or it is resolved.
    """
    change = {
        "state": "acknowledged",
        "acknowledged_at": at or utc_now(),
        "acknowledged_by": by,
        "acknowledged_until": until,
        "acknowledged_why": why,
        "is_expected": is_expected,
    }
    is_this = (alert.c.id == alert_id) & (alert.c.placement == placement)
    with writing(engine) as connection:
        standing = is_this & (alert.c.state != "resolved")
        if not connection.execute(update(alert).where(standing).values(change)).rowcount:
            known = [str(one.id) for one in _read(connection, placement, ("open", "acknowledged"))]
            raise DataError(
                f"placement {placement!r} has no alert {alert_id} that is not resolved. "
                f"Known: {', '.join(known) or 'none'}"
            )
        row = connection.execute(select(*ALERT_COLUMNS).where(is_this)).one()
    return alert_row(row)


def alerts_of(
    engine: Engine,
    placement: str,
    states: Collection[State] = ("open", "acknowledged"),
    now: datetime | None = None,
) -> list[AlertRow]:
    """List the alerts of a placement.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        states: which to list.
        now: aware time at which acknowledgements may be over; the present when None.

    Returns:
        Alerts, the oldest first; those whose acknowledgement is over are open.
    """
    moment = now or utc_now()
    # What is acknowledged in the table may be open by now.
    stored: set[State] = {*states, "acknowledged"} if "open" in states else set(states)
    with engine.connect() as connection:
        rows = _read(connection, placement, stored)
    listed = [alert_as_of(row, moment) for row in rows]
    return [row for row in listed if row.state in states]


def alerts_of_run(engine: Engine, run_no: int, now: datetime | None = None) -> list[AlertRow]:
    """List the alerts that were seen last in a run, those that are resolved too.

    Args:
        engine: from `connect`.
        run_no: the run.
        now: aware time at which acknowledgements may be over; the present when None.
    """
    wanted = select(*ALERT_COLUMNS).where(alert.c.run_no == run_no).order_by(alert.c.id)
    with engine.connect() as connection:
        rows = [alert_row(row) for row in connection.execute(wanted)]
    return [alert_as_of(row, now or utc_now()) for row in rows]


def _read(connection: Connection, placement: str, states: Collection[str]) -> list[AlertRow]:
    wanted = (alert.c.placement == placement) & alert.c.state.in_(list(states))
    rows = connection.execute(select(*ALERT_COLUMNS).where(wanted).order_by(alert.c.id))
    return [alert_row(row) for row in rows]


def alert_row(row: Row[Any]) -> AlertRow:
    """Return a row of `ALERT_COLUMNS` as an object.

    Args:
        row: as it is stored.
    """
    return AlertRow(**row._mapping)


def alert_as_of(row: AlertRow, moment: datetime) -> AlertRow:
    """Return an alert as it is at a moment: open again when its acknowledgement is over.

    Args:
        row: as it is stored.
        moment: aware time.
    """
    until = row.acknowledged_until
    is_over = row.state == "acknowledged" and until is not None and until <= moment
    return replace(row, state="open") if is_over else row
