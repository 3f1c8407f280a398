"""Rows of `blocked_item`: what they block now, which the views apply, and those that never act."""

import polars as pl
from sqlalchemy import Engine, text

from storage.reading.row_frames import stream_rows

_ACTIVE = {
    "postgresql": "(starts_at IS NULL OR starts_at <= now()) AND (until IS NULL OR until > now())",
    "sqlite": "(starts_at IS NULL OR julianday(starts_at) <= julianday('now'))"
    " AND (until IS NULL OR julianday(until) > julianday('now'))",
}
"""The condition of the views, which this repeats word for word: they hide what this returns."""
_ENDED = {"postgresql": "until <= now()", "sqlite": "julianday(until) <= julianday('now')"}
_BACKWARDS = {
    "postgresql": "until <= starts_at",
    "sqlite": "julianday(until) <= julianday(starts_at)",
}
# The rows of another placement are for its own configuration, once a run was made for it.
_IDLE = """
SELECT placement, item_id, user_id, CAST(starts_at AS text), CAST(until AS text),
    CASE
        WHEN placement <> :placement THEN 'placement'
        WHEN {backwards} THEN 'backwards'
        ELSE 'ended'
    END
FROM blocked_item
WHERE (placement <> :placement AND placement NOT IN (SELECT placement FROM run))
    OR (placement = :placement AND ({backwards} OR {ended}))
ORDER BY id
"""
_HIDDEN = """
SELECT count(*) AS shown, sum(CASE
    WHEN item_id IN (
        SELECT item_id FROM blocked_item
        WHERE placement = :placement AND user_id IS NULL AND {active}) THEN 1
    WHEN (user_id, item_id) IN (
        SELECT user_id, item_id FROM blocked_item
        WHERE placement = :placement AND user_id IS NOT NULL AND {active}) THEN 1
    ELSE 0 END) AS hidden
FROM recommendation WHERE run_no = :run_no AND rank <= :depth
"""
_IDLE_COLUMNS = ("placement", "item_id", "user_id", "starts_at", "until", "why")
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


def blocks_for_everyone(engine: Engine, placement: str, item_id: str) -> list[int]:
    """Return the ids of the rows that block an item for everyone at this moment.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        item_id: of the item.
    """
    statement = text(
        "SELECT id FROM blocked_item WHERE placement = :placement AND item_id = :item_id "
        f"AND user_id IS NULL AND {active_blocks(engine)} ORDER BY id"
    )
    with engine.connect() as connection:
        found = connection.execute(statement, {"placement": placement, "item_id": item_id})
        return [int(one) for one in found.scalars()]


def hidden_share(engine: Engine, placement: str, run_no: int, depth: int) -> float | None:
    """Return the share of a run's list rows that the views hide now.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        run_no: the run.
        depth: places of a list that are looked at.

    Returns:
        0 where nothing is blocked; None where the run has no rows.
    """
    # Most placements block nothing, and need not read their lists for that.
    if blocked_now(engine, placement).is_empty():
        return 0.0
    statement = text(_HIDDEN.format(active=active_blocks(engine)))
    values = {"placement": placement, "run_no": run_no, "depth": depth}
    with engine.connect() as connection:
        row = connection.execute(statement, values).one()
    return row.hidden / row.shown if row.shown else None


def idle_blocks(engine: Engine, placement: str) -> pl.DataFrame:
    """Return the rows that can never act, as far as the database alone can tell.

    Args:
        engine: from `connect`.
        placement: where lists are shown.

    Returns:
        placement, item_id, user_id, starts_at, until (as texts) and why: `placement`, that of no
        run and not this one; `backwards` or `ended`, a window of this placement. In their order.
    """
    dialect = engine.dialect.name
    statement = text(_IDLE.format(backwards=_BACKWARDS[dialect], ended=_ENDED[dialect]))
    schema = dict.fromkeys(_IDLE_COLUMNS, pl.String)
    with engine.connect() as connection:
        return stream_rows(connection, statement, schema, {"placement": placement})


def placements(engine: Engine) -> list[str]:
    """Return every placement that a run was made for, sorted.

    Args:
        engine: from `connect`.
    """
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT DISTINCT placement FROM run ORDER BY placement"))
        return list(rows.scalars())


def active_blocks(engine: Engine) -> str:
    """Return the SQL condition on `blocked_item` that holds for what is blocked now.

    Args:
        engine: of the database, whose dialect spells it.
    """
    return _ACTIVE[engine.dialect.name]
