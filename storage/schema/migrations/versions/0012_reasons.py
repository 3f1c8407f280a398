"""Reasons of lists as one row a user: `explanation` becomes a view of them.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from storage.schema.migrations.reasons_0012 import replace_explanations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, fill it from the old one, and put the view in the old one's place."""
    dialect = op.get_bind().dialect.name
    id_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.rename_table("explanation", "explanation_rows")
    op.create_table(
        "explained_user",
        sa.Column("run_no", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("user_id", id_text, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("run_no", "user_id", name="pk_explained_user"),
    )
    replace_explanations(dialect)
