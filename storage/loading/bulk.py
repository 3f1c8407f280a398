"""Loading what a run made: lists, users, fallbacks, explanations, metrics. Each call is one transaction.

A PostgreSQL run gets a table of its own: filled without indexes, then keyed, checked and attached
as a partition, which neither blocks readers nor shows them anything before the slot points there.
"""

import logging
from collections.abc import Iterable, Iterator

import polars as pl
from sqlalchemy import Connection, Engine, bindparam, delete, insert, text
from sqlalchemy.exc import IntegrityError

from fusion.errors import DataError
from storage.database.engine import writing
from storage.loading.copying import copy, insert_tuples
from storage.loading.frame_schemas import (
    EXPLANATIONS,
    FALLBACK,
    LISTS,
    METRICS,
    SERVED,
    FrameSchema,
    checked,
    require_columns,
)
from storage.loading.reader_waits import wait_for_readers
from storage.runs.partitions import partition_name
from storage.runs.runs import require_training
from storage.schema.tables import metric

logger = logging.getLogger(__name__)

_KEY = "(run_no, user_id, rank) WITH (fillfactor = 100)"  # no room is left for rows to come: lists never change
_ROOM_TO_SORT = (
    "SELECT set_config('maintenance_work_mem', '256MB', true) FROM pg_settings "
    "WHERE name = 'maintenance_work_mem' AND CAST(setting AS bigint) < 262144"
)
"""Lets a key of a few million rows be sorted in memory, until the transaction ends; a larger setting stays."""


def load_lists(engine: Engine, run_no: int, blocks: Iterable[pl.DataFrame]) -> int:
    """Load every user's list under a run in training.

    Args: engine: from `connect`. run_no: from `start_run`. blocks: frames of whole users: user_id
        str, rank int32 from 1, item_id str, score float32, probability float64 or null. Taken one
        at a time, so that no more than one is in memory. The transaction is open meanwhile, which
        on SQLite keeps other writers waiting: read blocks from files, do not score in between. In
        the order of user_id (byte by byte) a load is quickest.

    Returns: The number of rows; on PostgreSQL once the reads that were going on have ended
        (`storage.loading.reader_waits`).

    Raises: DataError: a column, null, NUL or number that cannot be stored, or a (user, rank) that
        comes twice. Temporary: the run is not in training any more.

    """
    frames = (checked(block, LISTS).sort("user_id", "rank") for block in blocks)
    with writing(engine) as connection:
        require_training(connection, run_no)
        if engine.dialect.name == "postgresql":
            count = _load_partition(connection, run_no, frames)
        else:
            count = insert_tuples(connection, "recommendation", run_no, frames)
    if engine.dialect.name == "postgresql":
        wait_for_readers(engine)
    logger.info("lists loaded run_no=%d rows=%d", run_no, count)
    return count


def load_served(engine: Engine, run_no: int, frame: pl.DataFrame) -> int:
    """Load how each user is served: user_id, route (`warm`, `sparse`, `cold`), segment or null."""
    return _load(engine, run_no, checked(frame, SERVED), SERVED)


def load_fallback(engine: Engine, run_no: int, frame: pl.DataFrame) -> int:
    """Load the lists of segments: segment, rank from 1, item_id, score.

    Raises:
        DataError: also when segment `all` has none, which serves everyone whom nothing else serves.

    """
    frame = checked(frame, FALLBACK)
    if not (frame["segment"] == "all").any():
        raise DataError(
            f"fallback: segment 'all' has no list, found {frame['segment'].unique().to_list()}"
        )
    return _load(engine, run_no, frame, FALLBACK)


def load_explanations(engine: Engine, run_no: int, frame: pl.DataFrame) -> int:
    """Load why items are listed: user_id, item_id, source, source_rank, reason, detail, gain; null but for ids."""
    return _load(engine, run_no, checked(frame, EXPLANATIONS), EXPLANATIONS)


def load_metrics(engine: Engine, run_no: int, frame: pl.DataFrame) -> int:
    """Load figures about a run: subject, segment, name, k, value, low, high; they replace older ones.

    A null segment means `all`, a null k means 0: no cut-off. NaN values become null. The run may
    have any status, since monitoring looks at live runs again and again.
    """
    require_columns(frame, METRICS)
    figures = pl.col("value", "low", "high").cast(pl.Float64).fill_nan(None)
    frame = checked(
        frame.with_columns(pl.col("segment").fill_null("all"), pl.col("k").fill_null(0), figures),
        METRICS,
    )
    rows = frame.with_columns(pl.lit(run_no).alias("run_no")).to_dicts()
    key = [column == bindparam(f"key_{column.name}") for column in metric.primary_key]
    keys = [
        {f"key_{column.name}": row[column.name] for column in metric.primary_key} for row in rows
    ]
    if rows:
        try:
            with writing(engine) as connection:
                connection.execute(delete(metric).where(*key), keys)
                connection.execute(insert(metric), rows)
        except IntegrityError as error:
            raise DataError(
                f"metric: run number {run_no} is not there, or a row comes twice: {error.orig}"
            ) from error
    return len(rows)


def _load(engine: Engine, run_no: int, frame: pl.DataFrame, shape: FrameSchema) -> int:
    with writing(engine) as connection:
        require_training(connection, run_no)
        if engine.dialect.name == "postgresql":
            numbered = frame.select(pl.lit(run_no).alias("run_no"), pl.all())
            return copy(connection, f"{shape.table} ({', '.join(numbered.columns)})", [numbered])
        return insert_tuples(connection, shape.table, run_no, [frame])


def _load_partition(connection: Connection, run_no: int, frames: Iterator[pl.DataFrame]) -> int:
    """Fill a table of its own and attach it.

    FREEZE writes rows as old at once and spares a later vacuum. The CHECK is there from the start,
    so that nothing has to be read once more for it or for the attaching.
    """
    name = partition_name(run_no)
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        raise DataError(f"recommendation: run number {run_no} has lists already")
    connection.execute(text(f"CREATE TABLE {name} (LIKE recommendation)"))
    connection.execute(text(f"ALTER TABLE {name} ALTER run_no SET DEFAULT {run_no:d}"))
    connection.execute(
        text(f"ALTER TABLE {name} ADD CONSTRAINT ck_{name}_run CHECK (run_no = {run_no:d})")
    )
    count = copy(connection, f"{name} ({', '.join(LISTS.columns)})", frames, "FREEZE")
    connection.execute(text(_ROOM_TO_SORT))
    try:
        connection.execute(text(f"ALTER TABLE {name} ADD CONSTRAINT pk_{name} PRIMARY KEY {_KEY}"))
    except IntegrityError as error:
        raise DataError(f"recommendation: a row comes twice: {error.orig}") from error
    connection.execute(
        text(f"ALTER TABLE recommendation ATTACH PARTITION {name} FOR VALUES IN ({run_no:d})")
    )
    connection.execute(
        text("SET LOCAL default_statistics_target = 20")
    )  # lists look alike: a few thousand rows tell
    connection.execute(text(f"ANALYZE {name}"))
    return count
