"""A run's lists as a new partition of PostgreSQL's `recommendation`.

It is a table of its own first: filled without indexes, then keyed, checked and attached, which
neither blocks readers nor shows them anything before a slot points at the run.
"""

from collections.abc import Iterator

import polars as pl
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from fusion.errors import DataError
from storage.loading.copying import copy
from storage.loading.frame_schemas import LISTS
from storage.runs.partitions import partition_name

# No room is left for rows to come: lists never change.
_KEY = "(run_no, user_id, rank) WITH (fillfactor = 100)"

_SORT_IN_MEMORY = (
    "SELECT set_config('maintenance_work_mem', '256MB', true) FROM pg_settings "
    "WHERE name = 'maintenance_work_mem' AND CAST(setting AS bigint) < 262144"
)
"""Lets a key of a few million rows be sorted in memory, until the transaction ends; a larger
setting stays."""
_FEW_STATISTICS = "SET LOCAL default_statistics_target = 20"
"""Lists look alike: a sample of 300 x 20 rows tells the planner enough."""

_KNOWS_USERS = (
    "SELECT EXISTS (SELECT 1 FROM pg_stats WHERE schemaname = current_schema() "
    "AND tablename = 'recommendation' AND attname = 'user_id' AND inherited)"
)
"""Whether the planner knows how many rows a user has, by which it keeps what it found of them.

Nothing else tells it: autovacuum leaves partitioned tables alone. Once is enough, since lists of
all runs look alike."""


def load_partition(connection: Connection, run_no: int, frames: Iterator[pl.DataFrame]) -> int:
    """Fill a table with a run's lists and attach it.

    Args:
        connection: inside the transaction of the load.
        run_no: the run.
        frames: in the columns of `LISTS`; taken one at a time.

    Returns:
        The number of rows.

    Raises:
        DataError: a (user, rank) comes twice, or the run has lists already.
    """
    name = partition_name(run_no)
    _create(connection, name, run_no)
    # FREEZE writes rows as old at once and spares a later vacuum.
    count = copy(connection, f"{name} ({', '.join(LISTS.columns)})", frames, "FREEZE")
    _add_indexes(connection, name)
    connection.execute(
        text(f"ALTER TABLE recommendation ATTACH PARTITION {name} FOR VALUES IN ({run_no:d})")
    )
    connection.execute(text(_FEW_STATISTICS))
    connection.execute(text(f"ANALYZE {name}"))
    if not connection.scalar(text(_KNOWS_USERS)):
        connection.execute(text("ANALYZE recommendation (run_no, user_id)"))
    return count


def _create(connection: Connection, name: str, run_no: int) -> None:
    """Create the table, with the CHECK that spares attaching it a look at every row."""
    if connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
        raise DataError(f"recommendation: run number {run_no} has lists already")
    connection.execute(text(f"CREATE TABLE {name} (LIKE recommendation)"))
    connection.execute(text(f"ALTER TABLE {name} ALTER run_no SET DEFAULT {run_no:d}"))
    connection.execute(
        text(f"ALTER TABLE {name} ADD CONSTRAINT ck_{name}_run CHECK (run_no = {run_no:d})")
    )


def _add_indexes(connection: Connection, name: str) -> None:
    """Make the primary key and the index by item over all rows: quicker than row by row."""
    connection.execute(text(_SORT_IN_MEMORY))
    try:
        connection.execute(text(f"ALTER TABLE {name} ADD CONSTRAINT pk_{name} PRIMARY KEY {_KEY}"))
    except IntegrityError as error:
        raise DataError(f"recommendation: a row comes twice: {error.orig}") from error
    # Made before the table is attached, which would else make it with the parent locked.
    connection.execute(text(f"CREATE INDEX ix_{name}_item ON {name} (run_no, item_id)"))
