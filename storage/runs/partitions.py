"""Take the rows of a run out of the bulk tables again.

On PostgreSQL each run's lists are a partition of `recommendation`. It is detached concurrently and
then dropped, so that readers never wait; what was cut off in between is finished by a later call.
"""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event, Timer
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, select, text

from fusion.errors import Refused, Unavailable
from storage.database.engine import writing
from storage.database.limits import LIMITS, limits_of
from storage.schema.tables import (
    explained_user,
    fallback,
    metric,
    recommendation,
    served_user,
    slot,
    user_history,
)
from storage.schema.watch_tables import diagnosis

_DETACH_LOCK = "hashtext('fusion detach ' || current_schema())"
_LOCK_SECONDS = 2.0
"""How long a removal waits for a reader: new readers queue behind it; a later call tries again."""

# Runs whose partition is there but not attached, or is half-way to being detached.
_CUT_OFF = """
SELECT run_no FROM run
WHERE to_regclass('recommendation_r' || run_no) IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM pg_inherits
        WHERE inhrelid = to_regclass('recommendation_r' || run_no) AND NOT inhdetachpending)
"""
_HALF_DETACHED = """
SELECT inhrelid::regclass FROM pg_inherits
WHERE inhparent = 'recommendation'::regclass AND inhdetachpending
"""
# Quoted where the name asks for it; null where no such partition is attached.
_SCHEMA_OF_PARTITION = """
SELECT quote_ident(nspname) FROM pg_inherits
JOIN pg_class ON pg_class.oid = inhrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE inhrelid = to_regclass(:name)
"""


def partition_name(run_no: int) -> str:
    """Return the name of the PostgreSQL table that holds one run's lists.

    Args:
        run_no: the run.
    """
    return f"recommendation_r{run_no}"


def remove_lists(engine: Engine, run_no: int, with_metrics: bool = True) -> None:
    """Delete everything that was loaded under a run number, whole or half.

    The row in `run` stays.

    Args:
        engine: from `connect`.
        run_no: the run.
        with_metrics: delete its rows in `metric` and `diagnosis` too.

    Raises:
        Refused: a slot points at the run.
        Temporary: a reader holds the partition for long; calling again goes on where this stopped.
    """
    _refuse_shown(engine, run_no)
    has_partitions = engine.dialect.name == "postgresql"
    if has_partitions:
        _drop_partition(engine, run_no)
    with writing(engine) as connection:
        for table in _tables(has_partitions, with_metrics):
            connection.execute(delete(table).where(table.c.run_no == run_no))


def finish_removals(engine: Engine) -> None:
    """Remove the lists of runs whose partition an earlier removal detached and did not drop.

    Such a partition is out of sight of the table `recommendation`, and still there. SQLite has
    none.

    Args:
        engine: from `connect`.

    Raises:
        Refused: a slot points at such a run.
        Temporary: a reader holds a partition for long.
    """
    with engine.connect() as connection:
        run_numbers = cut_off_removals(connection)
    for run_no in run_numbers:
        remove_lists(engine, run_no, with_metrics=False)


def cut_off_removals(connection: Connection) -> Sequence[int]:
    """Return the numbers of runs whose partition was detached and not dropped.

    Args:
        connection: to our database; SQLite has no partitions.
    """
    if connection.dialect.name != "postgresql":
        return []
    return connection.execute(text(_CUT_OFF)).scalars().all()


def _tables(has_partitions: bool, with_metrics: bool) -> list[Table]:
    """Return the tables whose rows of a run are deleted one by one."""
    tables = [served_user, fallback, explained_user, user_history]
    if not has_partitions:
        tables.append(recommendation)
    if with_metrics:
        tables += [metric, diagnosis]
    return tables


def _refuse_shown(engine: Engine, run_no: int) -> None:
    statement = select(slot.c.placement, slot.c.name).where(slot.c.run_no == run_no)
    with engine.connect() as connection:
        shown = connection.execute(statement).first()
    if shown is not None:
        raise Refused(
            f"lists of run number {run_no} stay: slot {shown.name!r} of {shown.placement!r} "
            "points at it"
        )


def _drop_partition(engine: Engine, run_no: int) -> None:
    """Detach and drop a partition, one at a time in a schema: PostgreSQL detaches one at once."""
    name = partition_name(run_no)
    short = replace(limits_of(engine), lock=_LOCK_SECONDS, settings=None)
    engine = engine.execution_options(**{LIMITS: short})
    # It holds the lock of detaching alone: a lock on a table would keep DETACH waiting for it.
    with engine.connect() as guard:
        guard.execute(text(f"SELECT pg_advisory_xact_lock({_DETACH_LOCK})"))
        for half_detached in guard.execute(text(_HALF_DETACHED)).scalars().all():
            _alter(engine, f"ALTER TABLE recommendation DETACH PARTITION {half_detached} FINALIZE")
        schema = guard.scalar(text(_SCHEMA_OF_PARTITION), {"name": name})
        if schema is not None:
            _detach(engine, f"{schema}.recommendation", f"{schema}.{name}")
        _alter(engine, f"DROP TABLE IF EXISTS {name}")


def _alter(engine: Engine, statement: str) -> None:
    with writing(engine) as connection:
        connection.execute(text(statement))


def _detach(engine: Engine, parent: str, partition: str) -> None:
    """Detach a partition, or cancel that after a while; what was begun is finished later.

    DETACH CONCURRENTLY runs in no transaction, and so in a session that nothing was set up in: it
    names the schema, and this end watches the clock.

    Args:
        engine: from `connect`.
        parent: the partitioned table, with its schema.
        partition: of it, with its schema.

    Raises:
        Unavailable: a reader is in the way.
    """
    without_transaction = engine.execution_options(isolation_level="AUTOCOMMIT")
    is_late = Event()
    with without_transaction.connect() as connection:
        driver: Any = connection.connection.driver_connection

        def _cancel() -> None:
            is_late.set()
            driver.cancel_safe()

        clock = Timer(_LOCK_SECONDS, _cancel)
        clock.start()
        try:
            connection.execute(
                text(f"ALTER TABLE {parent} DETACH PARTITION {partition} CONCURRENTLY")
            )
        except Unavailable as cancelled:
            if not is_late.is_set():
                raise
            raise Unavailable(
                f"{partition} cannot be detached: a session has read lists for longer than "
                f"{_LOCK_SECONDS:g} s. Try again later."
            ) from cancelled
        finally:
            clock.cancel()
            clock.join()  # a cancel on its way would meet the next statement of this session
