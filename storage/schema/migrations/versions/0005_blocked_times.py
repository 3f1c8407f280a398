"""Times of blocked items that can be read, or no row: a block that nobody can date never acts.

A row that breaks this stops the migration, and nothing is changed. Taken as null, a misspelt end
would hide its item for good, perhaps years after it was meant to come back; taken out, a recalled
item would lose its block. Only the one who wrote the row knows, so the message asks.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from fusion.errors import DataError
from storage.schema.migrations.views_0001 import create_views

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = ("starts_at", "until")
VIEWS = ("current_fallback", "current_recommendations", "slot_recommendations")
SHOWN = 5
READABLE = {
    "postgresql": "{0} IS NULL OR ({0} >= '1970-01-01' AND {0} < '10000-01-01')",
    "sqlite": "{0} IS NULL OR (typeof({0}) = 'text'"
    " AND {0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND substr({0}, 1, 4) >= '1970'"
    " AND date(substr({0}, 1, 10), '+0 days') IS substr({0}, 1, 10)"
    " AND julianday({0}) IS NOT NULL)",
}


def upgrade() -> None:
    """Refuse rows whose times cannot be read, then let the table refuse them.

    Raises:
        DataError: with the rows, their times and what to do.
    """
    connection = op.get_bind()
    dialect = connection.dialect.name
    _refuse_unreadable(connection, dialect)
    if dialect == "postgresql":
        for column in COLUMNS:
            name = op.f(f"ck_blocked_item_{column}")
            op.create_check_constraint(name, "blocked_item", READABLE[dialect].format(column))
        return
    # SQLite writes the table anew, and would not rename it below views that read it.
    for view in VIEWS:
        op.execute(f"DROP VIEW {view}")
    with op.batch_alter_table("blocked_item") as table:
        for column in COLUMNS:
            name = op.f(f"ck_blocked_item_{column}")
            table.create_check_constraint(name, READABLE[dialect].format(column))
    create_views(dialect)


def _refuse_unreadable(connection: sa.Connection, dialect: str) -> None:
    rows = []
    for column in COLUMNS:
        statement = (
            f"SELECT id, item_id, CAST({column} AS text) AS at FROM blocked_item "
            f"WHERE NOT ({READABLE[dialect].format(column)}) ORDER BY id"
        )
        for row in connection.execute(sa.text(statement)):
            rows.append(f"id {row.id} (item {row.item_id}) {column} {row.at!r}")
    if not rows:
        return
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    raise DataError(
        f"blocked_item holds times that cannot be read, so these rows do not block what they say: "
        f"{'; '.join(rows[:SHOWN])}{more}. Nothing was changed. Write each time as "
        f"'2027-12-31 00:00:00' in UTC, such as UPDATE blocked_item SET until = "
        f"'2027-12-31 00:00:00' WHERE id = 1, or delete the row; then repeat the command."
    )
