"""What became of published lists: metrics of each run over its first day and its window.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "realised",
        sa.Column("run_no", sa.Integer, nullable=False),
        sa.Column("horizon", sa.Text, nullable=False),
        sa.Column("segment", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("k", sa.Integer, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("low", sa.Double, nullable=False),
        sa.Column("high", sa.Double, nullable=False),
        sa.Column("users", sa.Integer, nullable=False),
        sa.Column("is_early", sa.Boolean, nullable=False),
        sa.Column("sequence", sa.JSON),
        sa.Column("watch_no", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "run_no", "horizon", "segment", "name", "k", name=op.f("pk_realised")
        ),
        sa.ForeignKeyConstraint(["run_no"], ["run.run_no"], name=op.f("fk_realised_run_no")),
        sa.ForeignKeyConstraint(
            ["watch_no"], ["watch.watch_no"], name=op.f("fk_realised_watch_no")
        ),
        sa.CheckConstraint(
            "horizon in ('day', 'window', 'daily')", name=op.f("ck_realised_horizon")
        ),
    )
