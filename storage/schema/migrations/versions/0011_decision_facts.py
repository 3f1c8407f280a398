"""Decisions with the code and parameters of their sentence, and all facts that they rest on.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of decisions that are stored already nobody knows them."""
    op.add_column("decision", sa.Column("code", sa.Text))
    op.add_column("decision", sa.Column("parameters", sa.JSON))
    op.add_column("decision", sa.Column("facts", sa.JSON))
