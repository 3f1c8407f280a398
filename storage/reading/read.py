"""What readers ask: what is live, whose list is what, how figures went."""

from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Select, select

from storage.reading.frames import as_frame, typed_chunk
from storage.reading.recommendations import LIST_COLUMNS, live_fallback, live_list
from storage.runs.runs import run_row
from storage.schema.row_objects import LiveRun, Move
from storage.schema.tables import explanation, recommendation, run, served_user, slot
from storage.slots.history import moves

_UTC = pl.Datetime("us", "UTC")
_LISTS = {name: LIST_COLUMNS[name] for name in ("user_id", "rank", "item_id", "score")}
_REASONS = {
    "item_id": pl.String,
    "source": pl.String,
    "source_rank": pl.Int32,
    "reason": pl.String,
    "detail": pl.String,
    "gain": pl.Float32,
}
_CHUNK = 50_000


def live(engine: Engine, placement: str, name: str = "live") -> LiveRun | None:
    """Give the run that a slot shows and how it came there; None while it shows none."""
    shown = (
        select(
            run,
            slot.c.changed_at,
            slot.c.changed_by,
            slot.c.reason.label("why"),
            slot.c.frozen_until,
        )
        .join(slot, slot.c.run_no == run.c.run_no)
        .where(slot.c.placement == placement, slot.c.name == name)
    )
    with engine.connect() as connection:
        row = connection.execute(shown).mappings().one_or_none()
    if row is None:
        return None
    return LiveRun(
        run_row(row), row["changed_at"], row["changed_by"], row["why"], row["frozen_until"]
    )


def list_for(engine: Engine, placement: str, user_id: str) -> pl.DataFrame:
    """Give a user's live list by rank, in the columns of `current_recommendations`; empty when none."""
    with engine.connect() as connection:
        return live_list(connection, placement, user_id)


def fallback_for(engine: Engine, placement: str, segment: str = "all") -> pl.DataFrame:
    """Give the live list of a segment, by rank, in the columns of `current_fallback`; empty when none."""
    with engine.connect() as connection:
        return live_fallback(connection, placement, segment)


def segment_of(engine: Engine, run_no: int, user_id: str) -> str | None:
    """Give whose fallback serves a user in a run; None where it is that of all, or the run does not know the user."""
    mine = select(served_user.c.segment).where(
        served_user.c.run_no == run_no, served_user.c.user_id == user_id
    )
    with engine.connect() as connection:
        found: str | None = connection.scalar(mine)
        return found


def reasons_for(engine: Engine, run_no: int, user_id: str) -> pl.DataFrame:
    """Give every stored reason of a user's list in a run: item_id, source, source_rank, reason, detail, gain."""
    wanted = select(*(explanation.c[name] for name in _REASONS))
    wanted = wanted.where(explanation.c.run_no == run_no, explanation.c.user_id == user_id)
    with engine.connect() as connection:
        return as_frame(connection.execute(wanted).mappings(), _REASONS)


def lists_of(engine: Engine, run_no: int, top: int | None = None) -> pl.DataFrame:
    """Give all lists of a run as they were made, blocks not applied: user_id, rank, item_id, score.

    Args:
        engine: from `connect`.
        run_no: the run.
        top: only ranks up to this; all of them, the reserve too, when None.

    """
    table = recommendation
    wanted = select(table.c.user_id, table.c.rank, table.c.item_id, table.c.score).where(
        table.c.run_no == run_no
    )
    if top is not None:
        wanted = wanted.where(table.c.rank <= top)
    with engine.connect() as connection:
        return _stream(connection, wanted.order_by(table.c.user_id, table.c.rank), _LISTS)


def served_of(engine: Engine, run_no: int) -> pl.DataFrame:
    """Give how a run serves each user: user_id, route, segment; by user."""
    wanted = select(served_user.c.user_id, served_user.c.route, served_user.c.segment)
    schema = {"user_id": pl.String, "route": pl.String, "segment": pl.String}
    with engine.connect() as connection:
        return _stream(
            connection,
            wanted.where(served_user.c.run_no == run_no).order_by(served_user.c.user_id),
            schema,
        )


def history(engine: Engine, placement: str, name: str = "live") -> list[Move]:
    """Give every move of a slot, oldest first."""
    with engine.connect() as connection:
        return moves(connection, placement, name)


def _stream(connection: Connection, wanted: Select[Any], schema: dict[str, Any]) -> pl.DataFrame:
    result = connection.execution_options(stream_results=True).execute(wanted)
    chunks = [typed_chunk(rows, schema) for rows in result.partitions(_CHUNK)]
    return pl.concat([pl.DataFrame(schema=schema), *chunks])
