"""Read the lists and reasons of runs, and the history of slots."""

import polars as pl
from sqlalchemy import Engine, select

from storage.reading.row_frames import as_frame, stream_rows
from storage.schema.row_objects import Move
from storage.schema.tables import explanation, fallback, metric, recommendation, served_user
from storage.slots.history import moves

_LISTS = {
    "user_id": pl.String,
    "rank": pl.Int32,
    "item_id": pl.String,
    "score": pl.Float32,
}
_SERVED = {"user_id": pl.String, "route": pl.String, "segment": pl.String}
_REASONS = {
    "item_id": pl.String,
    "source": pl.String,
    "source_rank": pl.Int32,
    "reason": pl.String,
    "detail": pl.String,
    "gain": pl.Float32,
}


def reasons_for(engine: Engine, run_no: int, user_id: str) -> pl.DataFrame:
    """Return every stored reason of a user's list in a run.

    Args:
        engine: from `connect`.
        run_no: the run.
        user_id: outside id.

    Returns:
        item_id, source, source_rank, reason, detail, gain; an item has as many rows as reasons.
    """
    columns = [explanation.c[name] for name in _REASONS]
    of_list = (explanation.c.run_no == run_no) & (explanation.c.user_id == user_id)
    statement = select(*columns).where(of_list)
    with engine.connect() as connection:
        rows = connection.execute(statement).mappings()
        return as_frame(rows, _REASONS)


def lists_of(engine: Engine, run_no: int, top: int | None = None) -> pl.DataFrame:
    """Return all lists of a run as they were made, blocks not applied.

    Args:
        engine: from `connect`.
        run_no: the run.
        top: only ranks up to this; all of them, the reserve too, when None.

    Returns:
        user_id, rank, item_id, score; by user and rank.
    """
    columns = [recommendation.c[name] for name in _LISTS]
    statement = select(*columns).where(recommendation.c.run_no == run_no)
    if top is not None:
        statement = statement.where(recommendation.c.rank <= top)
    # The order of the key, which the database need not sort for.
    statement = statement.order_by(recommendation.c.user_id, recommendation.c.rank)
    with engine.connect() as connection:
        return stream_rows(connection, statement, _LISTS)


def served_of(engine: Engine, run_no: int) -> pl.DataFrame:
    """Return how a run serves each user.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        user_id, route, segment; by user.
    """
    columns = [served_user.c[name] for name in _SERVED]
    statement = select(*columns).where(served_user.c.run_no == run_no)
    statement = statement.order_by(served_user.c.user_id)
    with engine.connect() as connection:
        return stream_rows(connection, statement, _SERVED)


def fallback_items(engine: Engine, run_no: int) -> pl.Series:
    """Return the items of a run's fallback lists, which are mostly popular ones.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        item_id (n,), each once, in order.
    """
    statement = select(fallback.c.item_id).where(fallback.c.run_no == run_no)
    statement = statement.distinct().order_by(fallback.c.item_id)
    with engine.connect() as connection:
        return stream_rows(connection, statement, {"item_id": pl.String})["item_id"]


def figures_of(engine: Engine, run_no: int, subject: str, segment: str = "all") -> dict[str, float]:
    """Return what was measured of a run.

    Args:
        engine: from `connect`.
        run_no: the run.
        subject: what was measured, as in `metric`.
        segment: of users.

    Returns:
        Values by the name of the figure; none for a run that was not monitored.
    """
    is_wanted = (
        metric.c.run_no == run_no,
        metric.c.subject == subject,
        metric.c.segment == segment,
    )
    statement = select(metric.c.name, metric.c.value).where(*is_wanted)
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    return {name: value for name, value in rows if value is not None}


def history(engine: Engine, placement: str, name: str = "live") -> list[Move]:
    """Return every move of a slot, oldest first.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        name: the slot.
    """
    with engine.connect() as connection:
        return moves(connection, placement, name)
