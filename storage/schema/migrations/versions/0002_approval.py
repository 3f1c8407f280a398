"""Moves by approval: a challenger becomes live, or is rejected.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACTIONS = "action in ('publish', 'approve', 'reject', 'rollback', 'unfreeze')"


def upgrade() -> None:
    """Allow these actions in `slot_move`; on SQLite the table is written anew with its rows."""
    with op.batch_alter_table("slot_move", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_constraint(op.f("ck_slot_move_action"), type_="check")
        table.create_check_constraint(op.f("ck_slot_move_action"), ACTIONS)
