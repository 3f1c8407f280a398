"""What `blocked_item` blocks right now, for making and judging lists; the views apply it by themselves."""

import polars as pl
from sqlalchemy import Engine, text

from storage.reading.frames import typed_chunk

_ACTIVE = {
    "postgresql": "(starts_at IS NULL OR starts_at <= now()) AND (until IS NULL OR until > now())",
    "sqlite": "(starts_at IS NULL OR julianday(starts_at) <= julianday('now'))"
    " AND (until IS NULL OR julianday(until) > julianday('now'))",
}
"""The words of the views: what they hide is what this gives."""
_SCHEMA = {"item_id": pl.String, "user_id": pl.String}
_CHUNK = 50_000


def blocked_now(engine: Engine, placement: str) -> pl.DataFrame:
    """Give what is blocked in a placement at this moment: item_id, user_id (null: for everyone); each pair once."""
    active = active_blocks(engine)
    wanted = text(
        f"SELECT DISTINCT item_id, user_id FROM blocked_item WHERE placement = :placement AND {active}"
    )
    with engine.connect() as connection:
        result = connection.execution_options(stream_results=True).execute(
            wanted, {"placement": placement}
        )
        chunks = [typed_chunk(rows, _SCHEMA) for rows in result.partitions(_CHUNK)]
    return pl.concat([pl.DataFrame(schema=_SCHEMA), *chunks]).sort("item_id", "user_id")


def active_blocks(engine: Engine) -> str:
    """Give the condition on the columns of `blocked_item` that holds for what is blocked now, in the engine's words."""
    return _ACTIVE[engine.dialect.name]
