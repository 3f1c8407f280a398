"""Most likely causes of what moved with a run, ranked, each with its evidence.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; of runs that were monitored before nobody asked for causes."""
    op.create_table(
        "diagnosis",
        sa.Column("run_no", sa.Integer, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("run_no", "rank", name=op.f("pk_diagnosis")),
        sa.ForeignKeyConstraint(["run_no"], ["run.run_no"], name=op.f("fk_diagnosis_run_no")),
        sa.CheckConstraint(
            "kind in ('data', 'candidates', 'ranker', 'rules', 'publish', 'unknown', 'chance')",
            name=op.f("ck_diagnosis_kind"),
        ),
        sa.CheckConstraint(
            "severity in ('alarm', 'look', 'none')", name=op.f("ck_diagnosis_severity")
        ),
    )
