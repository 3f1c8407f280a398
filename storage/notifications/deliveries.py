"""Deliveries: a message to a receiver, claimed by one process, then sent, put off or given up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, or_, select, update

from storage.database.engine import writing
from storage.schema.outbox_tables import delivery, notification


@dataclass(frozen=True)
class Delivery:
    """A message that waits for a receiver.

    Attributes:
        notification_id: number of the message.
        receiver: the receiver's mark.
        at: when the message was stored.
        tries: how often it was sent in vain.
        body: the message.
        error: why the last try failed; None before it.
    """

    notification_id: int
    receiver: str
    at: datetime
    tries: int
    body: dict[str, Any]
    error: str | None


_COLUMNS = (
    delivery.c.notification_id,
    delivery.c.receiver,
    notification.c.at,
    delivery.c.tries,
    notification.c.body,
    delivery.c.error,
)
_WAITS = delivery.c.state == "waiting"


def waiting(
    engine: Engine, placement: str, receivers: Collection[str], due: datetime | None = None
) -> list[Delivery]:
    """List messages that wait for some receivers, the oldest first.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        receivers: marks; what waits for one that is configured no more is left alone.
        due: aware time: only those that may be tried then, and that no process tries now.

    Returns:
        Deliveries.
    """
    own = (notification.c.placement == placement) & delivery.c.receiver.in_(list(receivers))
    wanted = select(*_COLUMNS).join(notification).where(own, _WAITS)
    if due is not None:
        wanted = wanted.where(delivery.c.due_at <= due, _is_free(due))
    with engine.connect() as connection:
        rows = connection.execute(wanted.order_by(delivery.c.notification_id))
        return [Delivery(*row) for row in rows]


def count_waiting(engine: Engine, placement: str) -> int:
    """Count deliveries that wait, for whichever receivers.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
    """
    own = notification.c.placement == placement
    wanted = select(func.count()).select_from(delivery).join(notification).where(own, _WAITS)
    with engine.connect() as connection:
        return int(connection.execute(wanted).scalar_one())


def claim(engine: Engine, one: Delivery, now: datetime, until: datetime) -> bool:
    """Claim a delivery, so that no other process sends it meanwhile.

    Args:
        engine: from `connect`.
        one: that is due.
        now: aware time.
        until: aware time at which a process that died holds it no more.

    Returns:
        Whether it is claimed; False where another process was faster.
    """
    free = (_this(one)) & _WAITS & (delivery.c.due_at <= now) & _is_free(now)
    with writing(engine) as connection:
        taken = connection.execute(update(delivery).where(free).values(claimed_until=until))
    return bool(taken.rowcount)


def note_sent(engine: Engine, one: Delivery, at: datetime) -> None:
    """Note that a receiver took a message.

    Args:
        engine: from `connect`.
        one: that was claimed.
        at: aware time.
    """
    _end(engine, one, {"state": "sent", "sent_at": at, "error": None})


def put_off(engine: Engine, one: Delivery, error: str, due_at: datetime | None) -> None:
    """Note that a receiver did not take a message.

    Args:
        engine: from `connect`.
        one: that was claimed.
        error: why, without secrets.
        due_at: aware time of the next try; None gives the message up.
    """
    change: dict[str, Any] = {"error": error}
    if due_at is None:
        change["state"] = "given_up"
    else:
        change["due_at"] = due_at
    _end(engine, one, change)


def _end(engine: Engine, one: Delivery, change: dict[str, Any]) -> None:
    values = {"tries": one.tries + 1, "claimed_until": None, **change}
    with writing(engine) as connection:
        connection.execute(update(delivery).where(_this(one), _WAITS).values(values))


def _this(one: Delivery) -> Any:
    is_message = delivery.c.notification_id == one.notification_id
    return is_message & (delivery.c.receiver == one.receiver)


def _is_free(now: datetime) -> Any:
    return or_(delivery.c.claimed_until.is_(None), delivery.c.claimed_until <= now)
