"""Old messages go, and what they told is not told again."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, select, update

from storage.database.engine import writing
from storage.notifications.outbox import STARTED
from storage.schema.outbox_tables import delivery, notification
from storage.schema.watch_tables import alert

BATCH = 500
"""Numbers in one statement: databases limit how many there may be."""


def age_notifications(
    engine: Engine, placement: str, before: datetime, dry_run: bool = False
) -> int:
    """Delete old messages of a placement that every receiver has, or that were given up.

    A message that tells of an alert which is not resolved stays: without it the alert would be told
    anew. Other events that are as old are not told any more from then on.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        before: aware time; messages from then on stay.
        dry_run: count them, and delete nothing.

    Returns:
        The number of messages.
    """
    with engine.connect() as connection:
        old = _old(connection, placement, before)
    # Nothing is locked where there is nothing to do, as on most nights.
    if dry_run or not old:
        return len(old)
    with writing(engine) as connection:
        _move_start(connection, placement, before)
        for begin in range(0, len(old), BATCH):
            batch = old[begin : begin + BATCH]
            connection.execute(delete(delivery).where(delivery.c.notification_id.in_(batch)))
            connection.execute(delete(notification).where(notification.c.id.in_(batch)))
    return len(old)


def _old(connection: Connection, placement: str, before: datetime) -> list[int]:
    """Return the numbers of messages that may go."""
    waiting = select(delivery.c.notification_id).where(delivery.c.state == "waiting")
    statement = select(notification.c.id, notification.c.covers).where(
        notification.c.placement == placement,
        notification.c.event != STARTED,
        notification.c.at < before,
        notification.c.id.not_in(waiting),
    )
    standing = set(_standing(connection, placement))
    return [
        number
        for number, covers in connection.execute(statement)
        if standing.isdisjoint(_alerts_in(covers.splitlines()))
    ]


def _standing(connection: Connection, placement: str) -> Collection[str]:
    numbers = select(alert.c.id).where(
        alert.c.placement == placement, alert.c.resolved_at.is_(None)
    )
    return [str(number) for number in connection.execute(numbers).scalars()]


def _alerts_in(keys: Collection[str]) -> set[str]:
    """Return the numbers of the alerts among events, whose keys are such as `alert:12:act`."""
    return {key.split(":")[1] for key in keys if key.startswith("alert:")}


def _move_start(connection: Connection, placement: str, before: datetime) -> None:
    """Let nothing be told that is older than the messages which stay."""
    started = (notification.c.placement == placement) & (notification.c.event == STARTED)
    first = connection.execute(select(func.min(notification.c.at)).where(started)).scalar()
    if first is not None and first < before:
        connection.execute(update(notification).where(started).values(at=before))
