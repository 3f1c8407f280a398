"""The log of events as watching reads it: batch by batch, with hashes in the place of ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from fusion.errors import DataError
from fusion.ingest.formats.files import ReadSql, Table, open_table
from fusion.ingest.interactions import columns_used, parse_interactions, weigh
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import moment_ms
from fusion.watching.reading.id_hashes import IdHasher, Prepare, keep

BATCH = 500_000
"""Rows that are parsed at once: their text takes some 100 MB."""
COLUMNS = {
    "user": pl.UInt64,
    "item": pl.UInt64,
    "time": pl.Int64,
    "weight": pl.Float32,
    "liked": pl.Boolean,
}
"""Columns of `EventLog.events`: 29 bytes a row."""


@dataclass(frozen=True)
class EventLog:
    """All events before a moment.

    Attributes:
        events: (N,) rows with `COLUMNS`, in time order; `user`, `item` and `weight` are null where
            the cell is missing or cannot be read.
        n_rows: rows of the file, those of people who are forgotten taken out.
        n_timeless: rows whose time is missing or cannot be read; they are no events.
        n_later: rows at or after the moment.
        has_weights: whether weights are configured.
    """

    events: pl.DataFrame
    n_rows: int
    n_timeless: int
    n_later: int
    has_weights: bool


def read_event_log(
    settings: DataSettings,
    base: Path,
    now: datetime,
    read_sql: ReadSql | None = None,
    prepare: Prepare = keep,
) -> EventLog:
    """Read the interactions.

    Nothing is left out but rows without a time and people who are forgotten: a cell that cannot be
    read is a figure here, not a finding.

    Args:
        settings: the `[data]` section.
        base: folder at which relative paths start.
        now: moment from which on events are left out.
        read_sql: runs the queries of the configuration; None where there are none.
        prepare: turns users' ids into what is hashed.

    Returns:
        The log.

    Raises:
        DataError: the data has no times, or cannot be read.
        Temporary: a database is busy or away.
    """
    if settings.columns.time is None:
        raise DataError(
            "[data.columns] time is not set, and nothing can be said of what arrived since: name "
            "the column that holds the time of each interaction"
        )
    has_names = not settings.is_by_position("interactions")
    table = open_table("interactions", settings.interactions, base, read_sql, has_names)
    reader = _BatchReader(settings, moment_ms(now, settings.timezone), prepare)
    try:
        for batch in _batches(settings, table):
            reader.add(batch)
    except PolarsError as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"the interactions cannot be read: {reason}. `fusion check` says what is wrong"
        ) from error
    return reader.log()


def _batches(settings: DataSettings, table: Table) -> Iterator[pl.DataFrame]:
    """Cells as they stand in the files, in batches."""
    columns = columns_used(settings, table.columns)
    wanted = [pl.col(column).alias(name) for name, column in columns.items()]
    # A column may have two roles, as an id that `positive` looks at.
    scanned = table.scan(dict.fromkeys(columns.values())).select(wanted)
    return iter(scanned.collect_batches(chunk_size=BATCH, maintain_order=True))


class _BatchReader:
    """Turns batches of cells into one log."""

    def __init__(self, settings: DataSettings, before: int, prepare: Prepare) -> None:
        self._settings = settings
        self._before = before
        self._users = IdHasher(prepare)
        self._items = IdHasher()
        self._batches: list[pl.DataFrame] = []
        self._n_rows = self._n_timeless = self._n_later = 0

    def add(self, cells: pl.DataFrame) -> None:
        """Take in one batch."""
        has_user = cells["user"].is_not_null()
        parsed = weigh(parse_interactions(self._settings, cells), self._settings)
        hashed = parsed.with_columns(
            self._users.of(parsed["user"]), self._items.of(parsed["item"])
        ).select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())
        # Whoever had an id and has no hash is left out: they asked to be forgotten.
        is_forgotten = has_user & parsed["user"].is_not_null() & hashed["user"].is_null()
        rows = hashed.filter(~is_forgotten)
        timed = rows.filter(pl.col("time").is_not_null())
        before = timed.filter(pl.col("time") < self._before)
        self._n_rows += len(rows)
        self._n_timeless += len(rows) - len(timed)
        self._n_later += len(timed) - len(before)
        self._batches.append(before)

    def log(self) -> EventLog:
        """Put the batches together."""
        events = pl.concat([pl.DataFrame(schema=COLUMNS), *self._batches])
        self._batches.clear()
        if not events["time"].is_sorted():
            events = events.sort("time", maintain_order=True)
        has_weights = self._settings.columns.weight is not None or bool(self._settings.events)
        return EventLog(events, self._n_rows, self._n_timeless, self._n_later, has_weights)
