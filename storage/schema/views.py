"""The views as SQLAlchemy sees them, for reading; a migration creates them.

They have a `MetaData` of their own, or Alembic would take them for tables that are missing.
"""

from typing import Any

from sqlalchemy import REAL, Column, Integer, MetaData, Table, Text

from storage.schema.types import ID_TEXT, UtcTime

view_metadata = MetaData()


def _list_columns() -> list[Column[Any]]:
    return [
        Column("user_id", ID_TEXT),
        Column("item_id", ID_TEXT),
        Column("rank", Integer),
        Column("score", REAL),
        Column("run_id", Text),
        Column("published_at", UtcTime),
        Column("as_of", UtcTime),
        Column("route", Text),
        Column("placement", Text),
    ]


current_recommendations = Table("current_recommendations", view_metadata, *_list_columns())
slot_recommendations = Table(
    "slot_recommendations", view_metadata, *_list_columns(), Column("slot", Text)
)
current_fallback = Table(
    "current_fallback",
    view_metadata,
    Column("segment", Text),
    Column("item_id", ID_TEXT),
    Column("rank", Integer),
    Column("score", REAL),
    Column("run_id", Text),
    Column("placement", Text),
)
