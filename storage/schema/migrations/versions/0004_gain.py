"""Reasons with a number: what the ranker's score gains by each.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; reasons that are stored already keep their words and have no number."""
    op.add_column("explanation", sa.Column("gain", sa.REAL))
