"""Load what a run made: lists, users, fallbacks, explanations, metrics. One transaction a call."""

import logging
from collections.abc import Collection, Iterable
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, bindparam, delete, insert
from sqlalchemy.exc import IntegrityError

from fusion.errors import DataError
from storage.database.engine import writing
from storage.loading.copying import copy, insert_tuples
from storage.loading.frame_schemas import (
    EXPLAINED_USERS,
    EXPLANATIONS,
    FALLBACK,
    LISTS,
    METRICS,
    SERVED,
    FrameSchema,
    conform,
    require_columns,
)
from storage.loading.new_partition import load_partition
from storage.loading.reader_waits import wait_for_readers
from storage.loading.reasons import pack_reasons
from storage.runs.liveness import require_training
from storage.schema.tables import metric

logger = logging.getLogger(__name__)


def load_lists(engine: Engine, run_no: int, blocks: Iterable[pl.DataFrame]) -> int:
    """Load every user's list under a run in training.

    On PostgreSQL it returns once the reads that were going on have ended
    (`storage.loading.reader_waits`).

    Args:
        engine: from `connect`.
        run_no: from `start_run`.
        blocks: frames of whole users: user_id str, rank int32 from 1, item_id str, score float32,
            probability float64 or null. Taken one at a time, so that no more than one is in
            memory. The transaction is open meanwhile, which on SQLite keeps other writers waiting:
            read blocks from files, do not score in between. In the order of user_id (byte by byte)
            a load is quickest.

    Returns:
        The number of rows.

    Raises:
        DataError: a column, null, NUL or number that cannot be stored, or a (user, rank) that comes
            twice.
        Temporary: the run is not in training any more.
    """
    is_postgres = engine.dialect.name == "postgresql"
    # In the order of the key, which is then made without much sorting.
    frames = (conform(block, LISTS).sort("user_id", "rank") for block in blocks)
    with writing(engine) as connection:
        require_training(connection, run_no)
        if is_postgres:
            count = load_partition(connection, run_no, frames)
        else:
            count = insert_tuples(connection, LISTS.table, run_no, frames)
    if is_postgres:
        wait_for_readers(engine)
    logger.info("lists loaded run_no=%d rows=%d", run_no, count)
    return count


def load_served(engine: Engine, run_no: int, frame: pl.DataFrame) -> int:
    """Load how each user is served.

    Args:
        engine: from `connect`.
        run_no: a run in training.
        frame: user_id, route (`warm`, `sparse`, `cold`), segment or null.

    Returns:
        The number of rows.

    Raises:
        DataError: a column, null or NUL that cannot be stored, or a user who comes twice.
        Temporary: the run is not in training any more.
    """
    return _load(engine, run_no, conform(frame, SERVED), SERVED)


def load_fallback(engine: Engine, run_no: int, frame: pl.DataFrame) -> int:
    """Load the lists of segments.

    Args:
        engine: from `connect`.
        run_no: a run in training.
        frame: segment, rank from 1, item_id, score.

    Returns:
        The number of rows.

    Raises:
        DataError: as in `load_served`; also when segment `all` has none, which serves everyone whom
            nothing else serves.
        Temporary: the run is not in training any more.
    """
    checked = conform(frame, FALLBACK)
    if not (checked["segment"] == "all").any():
        segments = checked["segment"].unique().to_list()
        raise DataError(f"fallback: segment 'all' has no list, found {segments}")
    return _load(engine, run_no, checked, FALLBACK)


def load_explanations(engine: Engine, run_no: int, frame: pl.DataFrame) -> int:
    """Load why items are listed, one row a user.

    Args:
        engine: from `connect`.
        run_no: a run in training.
        frame: user_id, item_id; source, source_rank, reason, detail, gain, each of them or null.
            The order of a user's rows is kept.

    Returns:
        The number of reasons.

    Raises:
        DataError: as in `load_served`.
        Temporary: the run is not in training any more.
    """
    packed = pack_reasons(conform(frame, EXPLANATIONS))
    _load(engine, run_no, packed, EXPLAINED_USERS)
    return len(frame)


def load_metrics(
    engine: Engine,
    run_no: int,
    frame: pl.DataFrame,
    subjects: Collection[str] = (),
    kept: Collection[str] = (),
) -> int:
    """Load figures about a run; they replace older ones of the same key, or of whole subjects.

    The run may have any status, since monitoring looks at live runs again and again.

    Args:
        engine: from `connect`.
        run_no: the run.
        frame: subject, segment, name, k, value, low, high. A null segment means `all`, a null k
            means 0: no cut-off. NaN values become null.
        subjects: those of which all older figures go, also figures that `frame` has no row for.
        kept: names of figures that stay all the same, since something else writes them.

    Returns:
        The number of rows.

    Raises:
        DataError: a column, null or NUL that cannot be stored, a row that comes twice, or a run
            that is not there.
    """
    require_columns(frame, METRICS)
    segment = pl.col("segment").fill_null("all")
    k = pl.col("k").fill_null(0)
    figures = pl.col("value", "low", "high").cast(pl.Float64)
    filled = frame.with_columns(segment, k, figures.fill_nan(None))
    run_column = pl.lit(run_no).alias("run_no")
    numbered = conform(filled, METRICS).with_columns(run_column)
    rows = numbered.to_dicts()
    try:
        # In one transaction: no reader sees the figures gone.
        with writing(engine) as connection:
            _delete_subjects(connection, run_no, subjects, kept)
            if rows:
                _delete_keys(connection, rows)
                connection.execute(insert(metric), rows)
    except IntegrityError as error:
        raise DataError(
            f"metric: run number {run_no} is not there, or a row comes twice: {error.orig}"
        ) from error
    return len(rows)


def _delete_subjects(
    connection: Connection, run_no: int, subjects: Collection[str], kept: Collection[str]
) -> None:
    of_run = metric.c.run_no == run_no
    of_subjects = metric.c.subject.in_(subjects)
    others = metric.c.name.not_in(kept)
    connection.execute(delete(metric).where(of_run, of_subjects, others))


def _delete_keys(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Delete the figures that have the key of a row."""
    primary_key = metric.primary_key
    # Parameters of the DELETE have names of their own, apart from those of the columns.
    same_key = [column == bindparam(f"key_{column.name}") for column in primary_key]
    keys = [{f"key_{column.name}": row[column.name] for column in primary_key} for row in rows]
    connection.execute(delete(metric).where(*same_key), keys)


def _load(engine: Engine, run_no: int, checked: pl.DataFrame, schema: FrameSchema) -> int:
    """Load a frame that conforms to a schema into its table, under a run in training."""
    with writing(engine) as connection:
        require_training(connection, run_no)
        if engine.dialect.name == "postgresql":
            run_column = pl.lit(run_no).alias("run_no")
            numbered = checked.select(run_column, pl.all())
            target = f"{schema.table} ({', '.join(numbered.columns)})"
            return copy(connection, target, [numbered])
        return insert_tuples(connection, schema.table, run_no, [checked])
