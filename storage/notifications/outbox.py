"""The outbox: messages for receivers, each about events that no other message is about."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from storage.database.engine import writing
from storage.schema.outbox_tables import delivery, notification

STARTED = "started"
"""The event of the first row of a placement: nothing that is older is told."""


@dataclass(frozen=True)
class NewNotification:
    """A message that nobody has sent yet.

    Attributes:
        key: by which a receiver knows the message again, should it come twice.
        event: such as "raised".
        cause: of the events that it tells of; messages of one cause keep a quiet period.
        covers: keys of these events.
        body: the whole message, as JSON.
    """

    key: str
    event: str
    cause: str
    covers: tuple[str, ...]
    body: dict[str, Any]


@dataclass(frozen=True)
class Outbox:
    """The outbox of a placement inside a transaction that no other process shares.

    Attributes:
        connection: inside its transaction.
        placement: where the lists are shown.
    """

    connection: Connection
    placement: str

    def start(self, at: datetime) -> datetime:
        """Return the moment from which on events are told; set it where there is none.

        Args:
            at: aware time that is set.
        """
        own = notification.c.placement == self.placement
        first = select(func.min(notification.c.at)).where(own, notification.c.event == STARTED)
        started: datetime | None = self.connection.execute(first).scalar()
        if started is None:
            key = f"{STARTED}:{self.placement}"
            new = NewNotification(key, STARTED, STARTED, (), {})
            self.add(new, (), at)
            return at
        return started

    def covered(self) -> set[str]:
        """Return the keys of all events that some message tells of."""
        own = notification.c.placement == self.placement
        covered: set[str] = set()
        for keys in self.connection.execute(select(notification.c.covers).where(own)).scalars():
            covered.update(keys.splitlines())
        return covered

    def told_at(self, events: Collection[str]) -> dict[str, datetime]:
        """Return when each cause was told last.

        Args:
            events: messages of these events count.

        Returns:
            Aware times by cause.
        """
        own = notification.c.placement == self.placement
        newest = select(notification.c.cause, func.max(notification.c.at))
        newest = newest.where(own, notification.c.event.in_(list(events)))
        rows = self.connection.execute(newest.group_by(notification.c.cause))
        return {cause: at for cause, at in rows}

    def add(self, new: NewNotification, receivers: Collection[str], at: datetime) -> None:
        """Store a message, to be delivered to some receivers at once.

        Args:
            new: the message.
            receivers: their marks.
            at: aware time.
        """
        row = {"placement": self.placement, "at": at, **vars(new), "covers": "\n".join(new.covers)}
        added = insert(notification).values(row).returning(notification.c.id)
        number = int(self.connection.execute(added).scalar_one())
        for mark in receivers:
            waiting = {"notification_id": number, "receiver": mark, "state": "waiting"}
            self.connection.execute(insert(delivery).values(**waiting, tries=0, due_at=at))


@contextmanager
def open_outbox(engine: Engine, placement: str) -> Iterator[Outbox]:
    """Open a transaction in which nobody else adds messages.

    Who comes second sees what the first one added: an event is in one message alone.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.

    Yields:
        The outbox.
    """
    with writing(engine) as connection:
        # A transaction that writes excludes others on SQLite.
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE notification IN SHARE ROW EXCLUSIVE MODE"))
        yield Outbox(connection, placement)
