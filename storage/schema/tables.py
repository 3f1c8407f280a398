"""Tables of runs, lists and slots; `docs/sql.md` says what each column means.

The names are public: other teams' services and analysts read them. The bulk tables (recommendation,
served_user, explained_user, user_history) have no foreign key to `run`: checking millions of rows
would cost more than loading them, and each is only ever written under a run number of `run`.
"""

from sqlalchemy import (
    REAL,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    Table,
    Text,
)

from storage.schema.metadata import REPORT, metadata, run_no_column
from storage.schema.types import ID_TEXT, MaskedText, UtcTime

HEAD = "0014"
"""The Alembic revision that these tables describe; a test holds it to the newest migration."""

_READABLE = {
    "postgresql": "{0} IS NULL OR ({0} >= '1970-01-01' AND {0} < '10000-01-01')",
    "sqlite": "{0} IS NULL OR (typeof({0}) = 'text'"
    " AND {0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND substr({0}, 1, 4) >= '1970'"
    " AND date(substr({0}, 1, 10), '+0 days') IS substr({0}, 1, 10)"
    " AND julianday({0}) IS NOT NULL)",
}
"""Conditions of a time that people write by hand: SQLite's columns would take any text or number.

What SQLite cannot read as a time is null to the views, and the block never acts. A number would be
a count of days since 4714 BC; a day such as 30 February would be one of March.
"""


def _readable(column: str) -> list[CheckConstraint]:
    """Return the check of a time written by hand, as each database spells it."""
    checks = []
    for dialect, condition in _READABLE.items():
        check = CheckConstraint(condition.format(column), name=column)
        checks.append(check.ddl_if(dialect=dialect))
    return checks


run = Table(
    "run",
    metadata,
    Column("run_no", Integer, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("placement", Text, nullable=False),
    Column("kind", Text, nullable=False),
    run_no_column("base_run_no", nullable=True),
    Column("as_of", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("status", Text, nullable=False),
    Column("method", Text),
    Column("list_size", Integer),
    Column("data_hash", Text),
    Column("config_hash", Text),
    Column("verdict", REPORT),
    Column("manifest", REPORT),
    CheckConstraint(
        "status in ('training', 'ready', 'rejected', 'failed', 'deleted')", name="status"
    ),
    Index(None, "placement", "run_no"),
    sqlite_autoincrement=True,  # a number is never given twice, even after its run was deleted
)

recommendation = Table(
    "recommendation",
    metadata,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ID_TEXT, primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("item_id", ID_TEXT, nullable=False),
    Column("score", REAL, nullable=False),  # 4 bytes: a score only orders one list
    Column("probability", Double),
    # SQLite scans one run's rows in the time that is allowed, and would store each key twice.
    Index(None, "run_no", "item_id", info={"dialect": "postgresql"}),
    postgresql_partition_by="LIST (run_no)",
    sqlite_with_rowid=False,  # the rows lie in the key itself: half the size, one look-up a list
)

COLD = "cold"
"""Route of users without a history."""
served_user = Table(
    "served_user",
    metadata,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ID_TEXT, primary_key=True),
    Column("route", Text, nullable=False),
    Column("segment", Text),
    sqlite_with_rowid=False,
)

fallback = Table(
    "fallback",
    metadata,
    run_no_column(key=True),
    Column("segment", Text, primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("item_id", ID_TEXT, nullable=False),
    Column("score", REAL, nullable=False),
)

explained_user = Table(
    "explained_user",
    metadata,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ID_TEXT, primary_key=True),
    Column("reasons", REPORT, nullable=False),  # the view `explanation` has a row for each
)

user_history = Table(
    "user_history",
    metadata,
    Column("run_no", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ID_TEXT, primary_key=True),
    Column("events", REPORT, nullable=False),
)

slot = Table(
    "slot",
    metadata,
    Column("placement", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    run_no_column(nullable=True),
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", MaskedText, nullable=False),
    Column("reason", MaskedText),
    Column("frozen_until", UtcTime),
)

slot_move = Table(
    "slot_move",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("placement", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("action", Text, nullable=False),
    run_no_column("from_run_no", nullable=True),
    run_no_column("to_run_no", nullable=True),
    Column("at", UtcTime, nullable=False),
    Column("by", MaskedText, nullable=False),
    Column("reason", MaskedText),
    CheckConstraint(
        "action in ('publish', 'approve', 'reject', 'rollback', 'unfreeze')", name="action"
    ),
    Index(None, "placement", "name", "id"),
    sqlite_autoincrement=True,  # the newest move has the largest id, whatever was deleted
)

blocked_item = Table(
    "blocked_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("placement", Text, nullable=False),
    Column("item_id", ID_TEXT, nullable=False),
    Column("user_id", ID_TEXT),
    Column("starts_at", UtcTime),
    Column("until", UtcTime),
    Column("reason", Text),
    Column("by", Text),
    *_readable("starts_at"),
    *_readable("until"),
    Index(None, "placement", "item_id", "user_id"),
)

metric = Table(
    "metric",
    metadata,
    run_no_column(key=True),
    Column("subject", Text, primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("k", Integer, primary_key=True, autoincrement=False),
    Column("value", Double),
    Column("low", Double),
    Column("high", Double),
)

forgotten = Table(
    "forgotten",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("key_mark", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    run_no_column(key=True),
    Column("owner", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)
