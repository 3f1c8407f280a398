"""Every table of the database; `docs/sql.md` says what each column means.

The names are public: other teams' services and analysts read them. The bulk tables (recommendation,
served_user, explanation) have no foreign key to `run`: checking millions of rows would cost more
than loading them, and each is only ever written under a run number taken from `run`.
"""

from sqlalchemy import (
    JSON,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

from storage.schema.types import ID_TEXT, MaskedText, UtcTime

HEAD = "0008"
"""The Alembic revision that these tables describe; a test holds it to the newest migration."""

# Every constraint has a name, by which a migration can change it on both databases.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


REPORT = JSON(none_as_null=True)
"""Type of what is stored whole: None is SQL's NULL, not the JSON text `null`."""
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


def _run_no(name: str = "run_no", *, nullable: bool = False, key: bool = False) -> Column[int]:
    """Make a column that holds the number of a run in `run`."""
    return Column(name, Integer, ForeignKey("run.run_no"), nullable=nullable, primary_key=key)


run = Table(
    "run",
    metadata,
    Column("run_no", Integer, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("placement", Text, nullable=False),
    Column("kind", Text, nullable=False),
    _run_no("base_run_no", nullable=True),
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
    _run_no(key=True),
    Column("segment", Text, primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("item_id", ID_TEXT, nullable=False),
    Column("score", REAL, nullable=False),
)

explanation = Table(
    "explanation",
    metadata,
    Column("run_no", Integer, nullable=False),
    Column("user_id", ID_TEXT, nullable=False),
    Column("item_id", ID_TEXT, nullable=False),
    Column("source", Text),
    Column("source_rank", Integer),
    Column("reason", Text),
    Column("detail", Text),
    Column("gain", REAL),
    Index(None, "run_no", "user_id", "item_id"),  # no key: an item has as many reasons as it has
)

slot = Table(
    "slot",
    metadata,
    Column("placement", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    _run_no(nullable=True),
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
    _run_no("from_run_no", nullable=True),
    _run_no("to_run_no", nullable=True),
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
    _run_no(key=True),
    Column("subject", Text, primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("k", Integer, primary_key=True, autoincrement=False),
    Column("value", Double),
    Column("low", Double),
    Column("high", Double),
)

watch = Table(
    "watch",
    metadata,
    Column("watch_no", Integer, primary_key=True),
    Column("placement", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    _run_no(nullable=True),
    Column("layout", REPORT, nullable=False),
    Column("facts", REPORT, nullable=False),
    Index(None, "placement", "watch_no"),
    sqlite_autoincrement=True,
)

watch_figure = Table(
    "watch_figure",
    metadata,
    Column("placement", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("start", Text, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("value", Double),
    Column("cases", BigInteger, nullable=False),
    Column("counts", REPORT),
    Column("watch_no", Integer, ForeignKey("watch.watch_no"), nullable=False),
    CheckConstraint("unit in ('day', 'window')", name="unit"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("placement", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    _run_no(nullable=True),
    Column("watch_no", Integer, ForeignKey("watch.watch_no")),
    Column("value", Double),
    Column("threshold", Double),
    Column("message", MaskedText, nullable=False),
    Column("parameters", REPORT),
    Column("acknowledged_at", UtcTime),
    Column("acknowledged_by", MaskedText),
    Column("acknowledged_until", UtcTime),
    Column("acknowledged_why", MaskedText),
    Column("is_expected", Boolean),
    Column("resolved_at", UtcTime),
    Column("resolved_why", MaskedText),
    CheckConstraint("kind in ('fault', 'change', 'run')", name="kind"),
    CheckConstraint("severity in ('alarm', 'look')", name="severity"),
    CheckConstraint("state in ('open', 'acknowledged', 'resolved')", name="state"),
    Index(None, "placement", "state"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("placement", Text, nullable=False),
    Column("due", Boolean, nullable=False),
    Column("reason", MaskedText, nullable=False),
    Column("trigger", Text, nullable=False),
    _run_no(nullable=True),
    Index(None, "placement", "id"),
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
    _run_no(key=True),
    Column("owner", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)
