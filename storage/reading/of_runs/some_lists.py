"""Lists of some users of a run who have a history, in time that does not grow with their number.

Those without one may have lists from their attributes, which no twin has: what of their change is
chance, nothing could say.
"""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import ColumnElement, Engine, exists, select

from storage.reading.row_frames import stream_rows
from storage.schema.tables import COLD, recommendation, served_user

_COLUMNS = {"user_id": pl.String, "rank": pl.Int32, "item_id": pl.String}


@dataclass(frozen=True)
class SomeLists:
    """Lists of some users.

    Attributes:
        rows: user_id, rank, item_id; by user and rank. Every list is whole.
        is_all: whether no user was left out.
    """

    rows: pl.DataFrame
    is_all: bool


def first_lists(engine: Engine, run_no: int, top: int, users: int) -> SomeLists:
    """Return the lists of the first users by id, blocks not applied.

    Args:
        engine: from `connect`.
        run_no: the run.
        top: ranks up to this.
        users: about how many; more where lists are short.
    """
    return _read(engine, recommendation.c.run_no == run_no, top, users)


def lists_between(
    engine: Engine, run_no: int, top: int, ends: tuple[str, str], users: int
) -> SomeLists:
    """Return the lists of users whose ids lie between two, blocks not applied.

    Args:
        engine: from `connect`.
        run_no: the run.
        top: ranks up to this.
        ends: the first id and the last one.
        users: as in `first_lists`.
    """
    user, (first, last) = recommendation.c.user_id, ends
    # Not BETWEEN, whose ends PostgreSQL takes no collation in.
    of_users = (recommendation.c.run_no == run_no) & (user >= first) & (user <= last)
    return _read(engine, of_users, top, users)


def _read(engine: Engine, wanted: ColumnElement[bool], top: int, users: int) -> SomeLists:
    columns = [recommendation.c[name] for name in _COLUMNS]
    is_cold = exists().where(
        served_user.c.run_no == recommendation.c.run_no,
        served_user.c.user_id == recommendation.c.user_id,
        served_user.c.route == COLD,
    )
    statement = select(*columns).where(wanted, recommendation.c.rank <= top, ~is_cold)
    # The order of the key, so that reading ends where the limit is reached.
    statement = statement.order_by(recommendation.c.user_id, recommendation.c.rank)
    limit = users * top
    with engine.connect() as connection:
        lists = stream_rows(connection, statement.limit(limit), _COLUMNS)
    if len(lists) < limit:
        return SomeLists(lists, True)
    # Reading ended in the middle: the last list may have more rows.
    return SomeLists(lists.filter(pl.col("user_id") != lists["user_id"][-1]), False)
