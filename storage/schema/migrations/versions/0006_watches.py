"""Watches with their figures, and alerts that have a life: open, acknowledged, resolved.

Alerts that are stored already were each a note of one run, and nobody can say whether they still
hold: they become resolved ones.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
STATES = {
    "kind": "kind in ('fault', 'change', 'run')",
    "severity": "severity in ('alarm', 'look')",
    "state": "state in ('open', 'acknowledged', 'resolved')",
}
FILL = """
UPDATE alert SET
    placement = (SELECT placement FROM run WHERE run.run_no = alert.run_no),
    cause = subject || '.' || name, kind = 'run', severity = 'alarm', state = 'resolved',
    seen_at = at, resolved_at = at, resolved_why = 'an alert of one run, from before alerts stayed'
"""


def upgrade() -> None:
    """Make the tables of watches, and give alerts their columns."""
    _make_watches()
    _widen_alerts()


def _make_watches() -> None:
    op.create_table(
        "watch",
        sa.Column("watch_no", sa.Integer, nullable=False),
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("run_no", sa.Integer),
        sa.Column("layout", sa.JSON, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("watch_no", name=op.f("pk_watch")),
        sa.ForeignKeyConstraint(["run_no"], ["run.run_no"], name=op.f("fk_watch_run_no")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_watch_placement_watch_no"), "watch", ["placement", "watch_no"])
    op.create_table(
        "watch_figure",
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("start", sa.Text, nullable=False),
        sa.Column("figure", sa.Text, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("cases", sa.BigInteger, nullable=False),
        sa.Column("counts", sa.JSON),
        sa.Column("watch_no", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "placement", "unit", "start", "figure", name=op.f("pk_watch_figure")
        ),
        sa.ForeignKeyConstraint(
            ["watch_no"], ["watch.watch_no"], name=op.f("fk_watch_figure_watch_no")
        ),
        sa.CheckConstraint("unit in ('day', 'window')", name=op.f("ck_watch_figure_unit")),
    )


def _widen_alerts() -> None:
    with op.batch_alter_table("alert") as table:
        for name in ("placement", "cause", "kind", "severity", "state"):
            table.add_column(sa.Column(name, sa.Text))
        for name in ("seen_at", "acknowledged_at", "acknowledged_until", "resolved_at"):
            table.add_column(sa.Column(name, TIME))
        for name in ("acknowledged_by", "acknowledged_why", "resolved_why"):
            table.add_column(sa.Column(name, sa.Text))
        table.add_column(sa.Column("parameters", sa.JSON))
        table.add_column(sa.Column("is_expected", sa.Boolean))
        table.add_column(sa.Column("watch_no", sa.Integer))
        table.alter_column("run_no", existing_type=sa.Integer, nullable=True)
    op.execute(FILL)
    with op.batch_alter_table("alert") as table:
        for name in ("placement", "cause", "kind", "severity", "state"):
            table.alter_column(name, existing_type=sa.Text, nullable=False)
        table.alter_column("seen_at", existing_type=TIME, nullable=False)
        for name, condition in STATES.items():
            table.create_check_constraint(op.f(f"ck_alert_{name}"), condition)
        table.create_foreign_key(op.f("fk_alert_watch_no"), "watch", ["watch_no"], ["watch_no"])
        table.drop_index(op.f("ix_alert_run_no"))
        table.create_index(op.f("ix_alert_placement_state"), ["placement", "state"])
