"""What runs served: lists of some users, fallback lists, blocks with their times."""

from collections.abc import Iterator, Sequence

import polars as pl
from sqlalchemy import Engine, select, text

from storage.reading.row_frames import stream_rows
from storage.schema.tables import fallback, recommendation

USERS_AT_ONCE = 5_000
"""Users whose lists one statement asks for."""
_LIST = {"user": pl.String, "item": pl.String, "rank": pl.Int32}
_FALLBACK = {"segment": pl.String, "item": pl.String, "rank": pl.Int32}
_BLOCKS = {"item": pl.String, "user": pl.String, "starts": pl.Int64, "until": pl.Int64}
MILLISECONDS = {
    "postgresql": "CAST(extract(epoch FROM {0}) * 1000 AS bigint)",
    "sqlite": "CAST(round((julianday({0}) - 2440587.5) * 86400000) AS integer)",
}
"""A time as ms since 1970, as each database spells it."""


def lists_of_users(engine: Engine, run_no: int, users: Sequence[str]) -> pl.DataFrame:
    """Return the lists of some users in a run as they were made, blocks not applied.

    Args:
        engine: from `connect`.
        run_no: the run.
        users: outside ids.

    Returns:
        user, item, rank; the reserve too.
    """
    columns = (recommendation.c.user_id, recommendation.c.item_id, recommendation.c.rank)
    of_run = select(*columns).where(recommendation.c.run_no == run_no)
    parts = [pl.DataFrame(schema=_LIST)]
    with engine.connect() as connection:
        for some in _parts(users):
            statement = of_run.where(recommendation.c.user_id.in_(some))
            parts.append(stream_rows(connection, statement, _LIST))
    return pl.concat(parts)


def _parts(users: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(users), USERS_AT_ONCE):
        yield users[begin : begin + USERS_AT_ONCE]


def fallback_of(engine: Engine, run_no: int) -> pl.DataFrame:
    """Return the fallback lists of a run, blocks not applied.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        segment, item, rank.
    """
    columns = (fallback.c.segment, fallback.c.item_id, fallback.c.rank)
    statement = select(*columns).where(fallback.c.run_no == run_no)
    with engine.connect() as connection:
        return stream_rows(connection, statement, _FALLBACK)


def blocks_of(engine: Engine, placement: str) -> pl.DataFrame:
    """Return every block of a placement, with the times between which it acts.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.

    Returns:
        item, user (null: for everyone), starts and until (ms; null: no border).
    """
    spelled = MILLISECONDS[engine.dialect.name]
    statement = text(
        f"SELECT item_id, user_id, {spelled.format('starts_at')}, {spelled.format('until')} "
        "FROM blocked_item WHERE placement = :placement ORDER BY id"
    )
    with engine.connect() as connection:
        return stream_rows(connection, statement, _BLOCKS, {"placement": placement})
