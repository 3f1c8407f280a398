"""The first tables and views. There is no way back: a database older than this is an empty one."""

import sqlalchemy as sa
from alembic import op

from storage.schema.migrations.views_0001 import create_views

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table and view."""
    _runs()
    _lists()
    _serving()
    _slots()
    _monitoring()
    create_views(op.get_bind().dialect.name)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _of_run(table: str, column: str = "run_no") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["run.run_no"], name=f"fk_{table}_{column}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("run_no", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("base_run_no", sa.Integer),
        sa.Column("as_of", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("method", sa.Text),
        sa.Column("list_size", sa.Integer),
        sa.Column("data_hash", sa.Text),
        sa.Column("config_hash", sa.Text),
        sa.Column("verdict", sa.JSON),
        sa.Column("manifest", sa.JSON),
        _key("run", "run_no"),
        _of_run("run", "base_run_no"),
        sa.UniqueConstraint("run_id", name="uq_run_run_id"),
        sa.CheckConstraint(
            "status in ('training', 'ready', 'rejected', 'failed', 'deleted')",
            name=op.f("ck_run_status"),
        ),
        sqlite_autoincrement=True,
    )
    _index("run", "placement", "run_no")


def _lists() -> None:
    op.create_table(
        "recommendation",
        sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("score", sa.REAL, nullable=False),
        sa.Column("probability", sa.Double),
        _key("recommendation", "run_no", "user_id", "rank"),
        postgresql_partition_by="LIST (run_no)",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "explanation",
        sa.Column("run_no", sa.Integer, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("source_rank", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text),
    )
    _index("explanation", "run_no", "user_id", "item_id")


def _serving() -> None:
    op.create_table(
        "served_user",
        sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("segment", sa.Text),
        _key("served_user", "run_no", "user_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fallback",
        sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("score", sa.REAL, nullable=False),
        _key("fallback", "run_no", "segment", "rank"),
        _of_run("fallback"),
    )
    op.create_table(
        "blocked_item",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("user_id", ID),
        sa.Column("starts_at", TIME),
        sa.Column("until", TIME),
        sa.Column("reason", sa.Text),
        sa.Column("by", sa.Text),
        _key("blocked_item", "id"),
    )
    _index("blocked_item", "placement", "item_id", "user_id")


def _slots() -> None:
    op.create_table(
        "slot",
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("run_no", sa.Integer),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("frozen_until", TIME),
        _key("slot", "placement", "name"),
        _of_run("slot"),
    )
    op.create_table(
        "slot_move",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("from_run_no", sa.Integer),
        sa.Column("to_run_no", sa.Integer),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        _key("slot_move", "id"),
        _of_run("slot_move", "from_run_no"),
        _of_run("slot_move", "to_run_no"),
        sa.CheckConstraint(
            "action in ('publish', 'rollback', 'unfreeze')", name=op.f("ck_slot_move_action")
        ),
        sqlite_autoincrement=True,
    )
    _index("slot_move", "placement", "name", "id")


def _monitoring() -> None:
    op.create_table(
        "metric",
        sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("k", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("value", sa.Double),
        sa.Column("low", sa.Double),
        sa.Column("high", sa.Double),
        _key("metric", "run_no", "subject", "segment", "name", "k"),
        _of_run("metric"),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("run_no", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("threshold", sa.Double),
        sa.Column("message", sa.Text, nullable=False),
        _key("alert", "id"),
        _of_run("alert"),
    )
    _index("alert", "run_no")
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("due", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("run_no", sa.Integer),
        _key("decision", "id"),
        _of_run("decision"),
    )
    _index("decision", "placement", "id")
