"""Read the lists and reasons of runs, and the history of slots."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Engine, func, select

from storage.reading.row_frames import as_frame, stream_rows
from storage.schema.row_objects import Move
from storage.schema.tables import fallback, metric, recommendation, served_user
from storage.schema.views import explanation
from storage.slots.history import moves

_LISTS = {
    "user_id": pl.String,
    "rank": pl.Int32,
    "item_id": pl.String,
    "score": pl.Float32,
}
_SERVED = {"user_id": pl.String, "route": pl.String, "segment": pl.String}
_FIGURES = {
    "subject": pl.String,
    "segment": pl.String,
    "name": pl.String,
    "value": pl.Float64,
}
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


def places_of(engine: Engine, run_no: int, top: int | None) -> pl.DataFrame:
    """Count the places of a run's lists that hold each item, blocks not applied.

    Args:
        engine: from `connect`.
        run_no: the run.
        top: only ranks up to this; all of them, the reserve too, when None.

    Returns:
        item_id, places; by item.
    """
    item = recommendation.c.item_id
    statement = select(item, func.count()).where(recommendation.c.run_no == run_no)
    if top is not None:
        statement = statement.where(recommendation.c.rank <= top)
    statement = statement.group_by(item).order_by(item)
    with engine.connect() as connection:
        return stream_rows(connection, statement, {"item_id": pl.String, "places": pl.Int64})


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


def knows_user(engine: Engine, run_no: int, user_id: str) -> bool:
    """Tell whether a run knows a user, with a list of their own or without.

    Args:
        engine: from `connect`.
        run_no: the run.
        user_id: outside id.
    """
    of_user = (served_user.c.run_no == run_no) & (served_user.c.user_id == user_id)
    with engine.connect() as connection:
        return connection.scalar(select(served_user.c.route).where(of_user)) is not None


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


def fallback_segments(engine: Engine, run_no: int, most: int) -> list[str]:
    """Return the segments that have a fallback of their own in a run, in order.

    Args:
        engine: from `connect`.
        run_no: the run.
        most: how many at most.
    """
    # Of each its first place alone.
    firsts = (fallback.c.run_no == run_no) & (fallback.c.rank == 1)
    statement = select(fallback.c.segment).where(firsts).order_by(fallback.c.segment).limit(most)
    with engine.connect() as connection:
        return list(connection.execute(statement).scalars())


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


def column_figures(engine: Engine, run_no: int, subjects: Sequence[str]) -> pl.DataFrame:
    """Return what was measured of columns, which stand as segments.

    Args:
        engine: from `connect`.
        run_no: the run.
        subjects: in which they stand, such as `users`.

    Returns:
        subject, segment, name, value; by subject, segment and name.
    """
    key = (metric.c.subject, metric.c.segment, metric.c.name)
    of_run = (metric.c.run_no == run_no) & metric.c.subject.in_(subjects)
    statement = select(*key, metric.c.value).where(of_run, metric.c.value.is_not(None))
    with engine.connect() as connection:
        return stream_rows(connection, statement.order_by(*key), _FIGURES)


def route_counts(engine: Engine, run_no: int) -> dict[str, int]:
    """Count the users of each route of a run.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        Users by route; none for a run that was pruned.
    """
    statement = select(served_user.c.route, func.count()).where(served_user.c.run_no == run_no)
    with engine.connect() as connection:
        rows = connection.execute(statement.group_by(served_user.c.route)).all()
    return {route: count for route, count in rows}


def history(engine: Engine, placement: str, name: str = "live") -> list[Move]:
    """Return every move of a slot, oldest first.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        name: the slot.
    """
    with engine.connect() as connection:
        return moves(connection, placement, name)
