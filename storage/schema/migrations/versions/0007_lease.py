"""Leases of trainings: a run whose lease has run out is dead.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Trainings of the version before hold a lock instead, and would be taken for dead.
UNTIL_TOMORROW = """
INSERT INTO lease (run_no, owner, host, pid, started_at, until)
SELECT run_no, 'before leases', 'unknown', 0, created_at, now() + interval '1 day'
FROM run WHERE status = 'training'
"""


def upgrade() -> None:
    """Create the table; on PostgreSQL whoever trains now has a day to end."""
    op.create_table(
        "lease",
        sa.Column("run_no", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_no", name="pk_lease"),
        sa.ForeignKeyConstraint(["run_no"], ["run.run_no"], name="fk_lease_run_no"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(UNTIL_TOMORROW)
