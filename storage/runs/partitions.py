"""Taking the lists of a run out of SQL again."""

from sqlalchemy import Connection, Engine, Table, delete, select, text

from fusion.errors import Refused
from storage.database.engine import writing
from storage.schema.tables import explanation, fallback, metric, recommendation, served_user, slot

_DETACHING = "hashtext('fusion detach ' || current_schema())"
_CUT_OFF = (
    "SELECT run_no FROM run WHERE to_regclass('recommendation_r' || run_no) IS NOT NULL AND NOT EXISTS (SELECT 1 "
    "FROM pg_inherits WHERE inhrelid = to_regclass('recommendation_r' || run_no) AND NOT inhdetachpending)"
)


def partition_name(run_no: int) -> str:
    """Name the PostgreSQL table that holds one run's lists."""
    return f"recommendation_r{run_no}"


def remove_lists(engine: Engine, run_no: int, figures: bool = True) -> None:
    """Delete everything that was loaded under a run number, whole or half; the row in `run` stays.

    Its rows in `metric` stay too when not `figures`.

    On PostgreSQL the partition is detached concurrently and then dropped, so that readers never
    wait.

    Raises:
        Refused: a slot points at the run.
        Temporary: a reader holds the partition for long; calling again goes on where this stopped.

    """
    _refuse_shown(engine, run_no)
    postgres = engine.dialect.name == "postgresql"
    if postgres:
        _drop_partition(engine, run_no)
    with writing(engine) as connection:
        for table in _tables(postgres, figures):
            connection.execute(delete(table).where(table.c.run_no == run_no))


def finish_removals(engine: Engine) -> None:
    """Remove the lists of runs whose partition an earlier removal detached and did not drop.

    Such a partition is out of sight of the table `recommendation`, and still there. SQLite has
    none. Errors as in `remove_lists`.
    """
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        numbers = connection.execute(text(_CUT_OFF)).scalars().all()
    for run_no in numbers:
        remove_lists(engine, run_no, figures=False)


def _tables(postgres: bool, figures: bool) -> list[Table]:
    """Tables whose rows are deleted, where lists are no partition of their own and figures go too."""
    lists = [] if postgres else [recommendation]
    return [served_user, fallback, explanation, *lists, *([metric] if figures else [])]


def _refuse_shown(engine: Engine, run_no: int) -> None:
    with engine.connect() as connection:
        shown = connection.execute(
            select(slot.c.placement, slot.c.name).where(slot.c.run_no == run_no)
        ).first()
    if shown is not None:
        raise Refused(
            f"lists of run number {run_no} stay: slot {shown.name!r} of {shown.placement!r} points at it"
        )


def _drop_partition(engine: Engine, run_no: int) -> None:
    """Detach and drop, one partition at a time in a schema: PostgreSQL allows one detaching at once."""
    alone = engine.execution_options(
        isolation_level="AUTOCOMMIT"
    )  # DETACH CONCURRENTLY runs in no transaction
    with alone.connect() as connection:
        connection.execute(text("SET lock_timeout = '2s'"))
        try:
            connection.execute(text(f"SELECT pg_advisory_lock({_DETACHING})"))
            _detach(connection, partition_name(run_no))
            connection.execute(text(f"DROP TABLE IF EXISTS {partition_name(run_no)}"))
        finally:
            if not connection.invalidated:
                connection.execute(text("SELECT pg_advisory_unlock_all()"))
                connection.execute(text("RESET lock_timeout"))


def _detach(connection: Connection, name: str) -> None:
    """Detach a partition where it is attached, after ending what an earlier try left half-way, of any run."""
    half = (
        "SELECT inhrelid::regclass FROM pg_inherits "
        "WHERE inhparent = 'recommendation'::regclass AND inhdetachpending"
    )
    for found in connection.execute(text(half)).scalars().all():
        connection.execute(text(f"ALTER TABLE recommendation DETACH PARTITION {found} FINALIZE"))
    attached = text("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(:name)")
    if connection.scalar(attached, {"name": name}):
        connection.execute(text(f"ALTER TABLE recommendation DETACH PARTITION {name} CONCURRENTLY"))
