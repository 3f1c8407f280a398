"""Views that read one run whatever the statement, an index of lists by item, views of runs.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

from storage.schema.migrations.run_views_0008 import create_run_views
from storage.schema.migrations.views_0008 import replace_slot_view

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace and add views; on PostgreSQL index the partitions of all runs, two seconds each."""
    dialect = op.get_bind().dialect.name
    replace_slot_view(dialect)
    create_run_views(dialect)
    if dialect == "postgresql":
        name = op.f("ix_recommendation_run_no_item_id")
        op.create_index(name, "recommendation", ["run_no", "item_id"])
