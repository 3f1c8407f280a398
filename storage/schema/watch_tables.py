"""Tables of what is watched, diagnosed and decided; `docs/sql.md` says what each column means."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from storage.schema.metadata import REPORT, metadata, run_no_column
from storage.schema.types import MaskedText, UtcTime

watch = Table(
    "watch",
    metadata,
    Column("watch_no", Integer, primary_key=True),
    Column("placement", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("as_of", UtcTime, nullable=False),
    run_no_column(nullable=True),
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

realised = Table(
    "realised",
    metadata,
    run_no_column(key=True),
    Column("horizon", Text, primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("k", Integer, primary_key=True, autoincrement=False),
    Column("value", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("users", Integer, nullable=False),
    Column("is_early", Boolean, nullable=False),
    Column("sequence", REPORT),
    Column("watch_no", Integer, ForeignKey("watch.watch_no"), nullable=False),
    CheckConstraint("horizon in ('day', 'window', 'daily')", name="horizon"),
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
    run_no_column(nullable=True),
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

diagnosis = Table(
    "diagnosis",
    metadata,
    run_no_column(key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("sentence", MaskedText, nullable=False),
    Column("parameters", REPORT, nullable=False),
    Column("evidence", REPORT, nullable=False),
    CheckConstraint(
        "kind in ('data', 'candidates', 'ranker', 'rules', 'publish', 'unknown', 'chance')",
        name="kind",
    ),
    CheckConstraint("severity in ('alarm', 'look', 'none')", name="severity"),
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
    run_no_column(nullable=True),
    Column("code", Text),
    Column("parameters", REPORT),
    Column("facts", REPORT),
    Index(None, "placement", "id"),
)
