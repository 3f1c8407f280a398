"""The views as SQLAlchemy sees them, for reading; a migration creates them.

They have a `MetaData` of their own, or Alembic would take them for tables that are missing.
"""

from typing import Any

from sqlalchemy import REAL, BigInteger, Column, Double, Integer, MetaData, Table, Text

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
explanation = Table(
    "explanation",
    view_metadata,
    Column("run_no", Integer),
    Column("user_id", ID_TEXT),
    Column("item_id", ID_TEXT),
    Column("source", Text),
    Column("source_rank", Integer),
    Column("reason", Text),
    Column("detail", Text),
    Column("gain", REAL),
)
LIST_VIEWS = (current_recommendations, slot_recommendations, current_fallback)
"""What services read; the others are for analysts, and came with a later revision."""
run_overview = Table(
    "run_overview",
    view_metadata,
    Column("run_id", Text),
    Column("placement", Text),
    Column("status", Text),
    Column("created_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("seconds", Double),
    Column("published_at", UtcTime),
    Column("live_since", UtcTime),
    Column("method", Text),
    Column("as_of", UtcTime),
    Column("ndcg", Double),
    Column("ndcg_low", Double),
    Column("ndcg_high", Double),
    Column("best_source", Text),
    Column("best_source_ndcg", Double),
    Column("list_size", Integer),
    Column("list_rows", BigInteger),
    Column("churn", Double),
    Column("alerts", BigInteger),
    Column("run_no", Integer),
)
run_metric = Table(
    "run_metric",
    view_metadata,
    Column("run_id", Text),
    Column("placement", Text),
    Column("subject", Text),
    Column("name", Text),
    Column("segment", Text),
    Column("k", Integer),
    Column("value", Double),
    Column("low", Double),
    Column("high", Double),
    Column("created_at", UtcTime),
    Column("as_of", UtcTime),
    Column("run_no", Integer),
)
