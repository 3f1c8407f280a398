"""Send frames to PostgreSQL by COPY and to SQLite as tuples, inside the caller's transaction."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from fusion.errors import DataError
from storage.database.translation import translate

if TYPE_CHECKING:  # what loads into SQLite needs no Arrow
    import pyarrow as pa

_SLICE = 50_000
"""Rows turned into bytes or tuples at a time: bounds memory whatever the size of a block."""


def copy(
    connection: Connection, target: str, frames: Iterable[pl.DataFrame], options: str = ""
) -> int:
    """Send frames to a table of PostgreSQL by binary COPY.

    A second thread takes the frames and turns them into bytes while the server works on those
    before.

    Args:
        connection: inside a transaction.
        target: `table (columns)`, the columns in the order of the frames'.
        frames: of String, Int32, Float32 and Float64 columns; taken one at a time.
        options: further options of COPY.

    Returns:
        The number of rows.

    Raises:
        DataError: a row breaks the table's key.
        Temporary: the connection is lost, or the disk is full.
    """
    # Who loads into SQLite needs no driver of PostgreSQL, and no Arrow.
    import psycopg  # noqa: PLC0415

    from storage.loading.binary import END, SIGNATURE  # noqa: PLC0415

    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    how = f"FORMAT binary, {options}" if options else "FORMAT binary"
    statement = f"COPY {target} FROM STDIN WITH ({how})"
    count = 0
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as stream:
            stream.write(SIGNATURE)
            for rows, data in _one_ahead(_encoded(frames)):
                stream.write(memoryview(data))  # Arrow's own memory, not copied
                count += rows
            stream.write(END)
    except psycopg.IntegrityError as error:
        problem = f"{error.diag.message_primary}: {error.diag.message_detail}"
        raise DataError(f"{target}: {problem}") from error
    except psycopg.Error as error:
        # SQLAlchemy does not see what the driver raises here, and so does not translate it.
        ours = translate(error, connection.engine.url, lost=driver.broken)
        raise (ours or error) from error
    return count


def insert_tuples(
    connection: Connection, table: str, run_no: int, frames: Iterable[pl.DataFrame]
) -> int:
    """Insert frames into a table of SQLite under a run number.

    Args:
        connection: inside a transaction that writes.
        table: name of the table.
        run_no: the run.
        frames: with the other columns of the table; taken one at a time.

    Returns:
        The number of rows.

    Raises:
        DataError: a row breaks the table's key.
    """
    run_column = pl.lit(run_no).alias("run_no")
    count = 0
    try:
        for frame in frames:
            numbered = frame.select(run_column, pl.all())
            names = ", ".join(numbered.columns)
            marks = ", ".join("?" * numbered.width)
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            for part in numbered.iter_slices(_SLICE):
                connection.exec_driver_sql(statement, part.rows())
            count += len(frame)
    except IntegrityError as error:
        raise DataError(f"{table}: a row comes twice: {error.orig}") from error
    return count


def _encoded(frames: Iterable[pl.DataFrame]) -> Iterator[tuple[int, "pa.Buffer"]]:
    """Yield slices of frames in the binary format, each with its number of rows."""
    from storage.loading.binary import binary_rows  # noqa: PLC0415

    for frame in frames:
        for part in frame.iter_slices(_SLICE):
            yield len(part), binary_rows(part)


def _one_ahead(parts: Iterator[tuple[int, "pa.Buffer"]]) -> Iterator[tuple[int, "pa.Buffer"]]:
    """Yield each part while a second thread makes the next one."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = maker.submit(next, parts, None)
            yield part
