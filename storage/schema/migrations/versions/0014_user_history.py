"""The last events of served users, one row each; empty until `[lists] history` asks for it.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    id_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "user_history",
        sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("user_id", id_text, nullable=False),
        sa.Column("events", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("run_no", "user_id", name="pk_user_history"),
    )
