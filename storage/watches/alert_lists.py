"""Alerts as they are listed: the newest of each state, one by its number, the same one before."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine, false, or_, select

from storage.schema.watch_tables import alert
from storage.watches.alert_rows import AlertRow, State
from storage.watches.alerts import ALERT_COLUMNS, alert_as_of, alert_row


def newest_alerts(
    engine: Engine, placement: str, states: Collection[State], limit: int, now: datetime
) -> list[AlertRow]:
    """List the newest alerts of a placement.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        states: which to list.
        limit: how many at most.
        now: aware time at which acknowledgements may be over.

    Returns:
        Alerts, those raised last first; those whose acknowledgement is over are open.
    """
    until = alert.c.acknowledged_until
    # A null is no time that is over.
    is_over = until.is_not(None) & (until <= now)
    is_acknowledged = alert.c.state == "acknowledged"
    conditions = {
        "open": (alert.c.state == "open") | (is_acknowledged & is_over),
        "acknowledged": is_acknowledged & ~is_over,
        "resolved": alert.c.state == "resolved",
    }
    is_wanted = or_(false(), *(conditions[state] for state in states))
    wanted = select(*ALERT_COLUMNS).where(alert.c.placement == placement, is_wanted)
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(alert.c.id.desc()).limit(limit))
        return [alert_as_of(alert_row(row), now) for row in rows]


def find_alert(engine: Engine, placement: str, alert_id: int, now: datetime) -> AlertRow | None:
    """Return an alert of a placement by its number; None where there is none.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        alert_id: its number.
        now: aware time at which acknowledgements may be over.
    """
    wanted = select(*ALERT_COLUMNS).where(alert.c.id == alert_id, alert.c.placement == placement)
    with engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    return None if row is None else alert_as_of(alert_row(row), now)


def earlier_alerts(engine: Engine, later: AlertRow, limit: int) -> list[AlertRow]:
    """Return the alerts of the same cause and subject that were raised before one.

    Args:
        engine: from `connect`.
        later: the alert.
        limit: how many at most.

    Returns:
        Those raised last first; a cause that stands has one alert, so that they are resolved.
    """
    is_same = (alert.c.cause == later.cause) & (alert.c.subject == later.subject)
    wanted = select(*ALERT_COLUMNS).where(
        alert.c.placement == later.placement, is_same, alert.c.id < later.id
    )
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(alert.c.id.desc()).limit(limit))
        return [alert_row(row) for row in rows]
