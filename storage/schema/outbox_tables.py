"""Tables of notifications and their deliveries; `docs/sql.md` says what each column means."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from storage.schema.metadata import REPORT, metadata
from storage.schema.types import MaskedText, UtcTime

notification = Table(
    "notification",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("placement", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("covers", Text, nullable=False),
    Column("body", REPORT, nullable=False),
    Index(None, "placement", "id"),
    sqlite_autoincrement=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column("notification_id", Integer, ForeignKey("notification.id"), primary_key=True),
    Column("receiver", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("claimed_until", UtcTime),
    Column("sent_at", UtcTime),
    Column("error", MaskedText),
    CheckConstraint("state in ('waiting', 'sent', 'given_up')", name="state"),
    Index(None, "state", "due_at"),
)
