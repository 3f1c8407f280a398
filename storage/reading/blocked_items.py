"""Items that `blocked_item` blocks now, for making and judging lists; the views apply it anyway."""

import polars as pl
from sqlalchemy import Engine, text

from storage.reading.row_frames import stream_rows

_ACTIVE = {
    "postgresql": "(starts_at IS NULL OR starts_at <= now()) AND (until IS NULL OR until > now())",
    "sqlite": "(starts_at IS NULL OR julianday(starts_at) <= julianday('now'))"
    " AND (until IS NULL OR julianday(until) > julianday('now'))",
}
"""The condition of the views, which this repeats word for word: they hide what this returns."""
_COLUMNS = {"item_id": pl.String, "user_id": pl.String}


def blocked_now(engine: Engine, placement: str) -> pl.DataFrame:
    """Return what is blocked in a placement at this moment.

    Args:
        engine: from `connect`.
        placement: where lists are shown.

    Returns:
        item_id and user_id (null: for everyone), each pair once, sorted.
    """
    statement = text(
        "SELECT DISTINCT item_id, user_id FROM blocked_item "
        f"WHERE placement = :placement AND {active_blocks(engine)}"
    )
    with engine.connect() as connection:
        blocks = stream_rows(connection, statement, _COLUMNS, {"placement": placement})
    return blocks.sort("item_id", "user_id")


def active_blocks(engine: Engine) -> str:
    """Return the SQL condition on `blocked_item` that holds for what is blocked now.

    Args:
        engine: of the database, whose dialect spells it.
    """
    return _ACTIVE[engine.dialect.name]
