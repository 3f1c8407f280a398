"""Where one item stands in the lists of a run, as far as a bounded look finds it."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Engine, func, select, text

from storage.reading.row_frames import as_frame
from storage.schema.tables import recommendation
from storage.schema.views import explanation

MOST_PLACES = 20_000
"""Places of an item that PostgreSQL gives at most; its index finds them."""
MOST_ROWS = 100_000
"""Rows of a run that SQLite goes through at most: it has no index by item."""
_PLACES = {"user_id": pl.String, "rank": pl.Int32}
_COUNTS = {"item_id": pl.String, "lists": pl.Int64}
_REASONS = {
    "source": pl.String,
    "source_rank": pl.Int32,
    "reason": pl.String,
    "gain": pl.Float32,
}
_SOME = "(SELECT user_id, item_id, rank FROM recommendation WHERE run_no = :run_no LIMIT :most)"
"""The first rows of a run by its key: whole lists, but for the last."""


@dataclass(frozen=True)
class ItemPlaces:
    """Places of an item in the lists of a run.

    Attributes:
        places: user_id, rank: a row a list that holds it.
        of: lists that were looked at.
        is_known: the run knows the item; None where only its folder could say.
        is_sample: further lists were not looked at.
    """

    places: pl.DataFrame
    of: int
    is_known: bool | None
    is_sample: bool


def item_places(
    engine: Engine, run_no: int, item: str, size: int, n_lists: int | None
) -> ItemPlaces:
    """Return where an item stands in some of a run's lists, blocks not applied.

    Args:
        engine: from `connect`.
        run_no: the run.
        item: outside id.
        size: ranks that are shown.
        n_lists: lists of the run, where it is known.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    source = _SOME if is_sqlite else "recommendation"
    of_run = "" if is_sqlite else "run_no = :run_no AND "
    limit = "" if is_sqlite else " LIMIT :places"
    values = {"run_no": run_no, "item": item, "size": size, "most": MOST_ROWS}
    statement = f"SELECT user_id, rank FROM {source} AS looked_at WHERE {of_run}item_id = :item"
    with engine.connect() as connection:
        rows = connection.execute(
            text(f"{statement} AND rank <= :size{limit}"), {**values, "places": MOST_PLACES}
        )
        places = as_frame(rows.mappings(), _PLACES)
        if not is_sqlite:
            return ItemPlaces(places, n_lists or len(places), None, len(places) == MOST_PLACES)
        counted = text(f"SELECT count(*), coalesce(sum(rank = 1), 0) FROM {_SOME} AS looked_at")
        n_rows, looked_at = connection.execute(counted, values).one()
    return ItemPlaces(places, looked_at, None, n_rows == MOST_ROWS)


def listed_together(
    engine: Engine, run_no: int, item: str, users: list[str], size: int
) -> pl.DataFrame:
    """Count the other items of some users' lists.

    Args:
        engine: from `connect`.
        run_no: the run.
        item: that is left out.
        users: outside ids, some hundred at most.
        size: ranks that are shown.

    Returns:
        item_id, lists; the most frequent first.
    """
    table = recommendation
    theirs = (table.c.run_no == run_no) & table.c.user_id.in_(users) & (table.c.rank <= size)
    counted = func.count().label("lists")
    statement = select(table.c.item_id, counted).where(theirs, table.c.item_id != item)
    statement = statement.group_by(table.c.item_id).order_by(counted.desc(), table.c.item_id)
    with engine.connect() as connection:
        return as_frame(connection.execute(statement).mappings(), _COUNTS)


def most_listed(engine: Engine, run_no: int, size: int, most: int) -> tuple[pl.DataFrame, int]:
    """Return the items that stand in the most of some lists of a run.

    Args:
        engine: from `connect`.
        run_no: the run.
        size: ranks that are shown.
        most: items at most.

    Returns:
        item_id, lists; the most frequent first; and the number of lists that were looked at.
    """
    values = {"run_no": run_no, "size": size, "most": MOST_ROWS, "items": most}
    counts = text(
        f"SELECT item_id, count(*) AS lists FROM {_SOME} AS looked_at WHERE rank <= :size "
        "GROUP BY item_id ORDER BY lists DESC, item_id LIMIT :items"
    )
    looked_at = text(f"SELECT count(*) FROM {_SOME} AS looked_at WHERE rank = 1")
    with engine.connect() as connection:
        frame = as_frame(connection.execute(counts, values).mappings(), _COUNTS)
        return frame, connection.scalar(looked_at, values) or 0


def reasons_of_item(engine: Engine, run_no: int, item: str, users: list[str]) -> pl.DataFrame:
    """Return the stored reasons of an item in some users' lists.

    Args:
        engine: from `connect`.
        run_no: the run.
        item: outside id.
        users: outside ids, some dozen at most: each has their reasons in one row.

    Returns:
        source, source_rank, reason, gain: a row a reason.
    """
    columns = [explanation.c[name] for name in _REASONS]
    theirs = (explanation.c.run_no == run_no) & explanation.c.user_id.in_(users)
    statement = select(*columns).where(theirs, explanation.c.item_id == item)
    with engine.connect() as connection:
        return as_frame(connection.execute(statement).mappings(), _REASONS)
