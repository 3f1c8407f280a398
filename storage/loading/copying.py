"""Rows into PostgreSQL by COPY and into SQLite by plain tuples, inside the caller's transaction."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import psycopg
import pyarrow as pa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from fusion.errors import DataError
from storage.database.errors import translate
from storage.loading.binary import END, SIGNATURE, binary_rows

_SLICE = 50_000
"""Rows turned into bytes or tuples at a time: bounds memory whatever the size of a block."""


def copy(
    connection: Connection, target: str, frames: Iterable[pl.DataFrame], options: str = ""
) -> int:
    """Send frames to PostgreSQL's `target` (`table (columns)`) by binary COPY; give the number of rows.

    A second thread takes the frames and turns them into bytes while the server works on those
    before.

    Raises:
        DataError: a row breaks the table's key.

    """
    driver, count = connection.connection.driver_connection, 0
    assert isinstance(driver, psycopg.Connection)
    how = ", ".join(("FORMAT binary", *([options] if options else [])))
    try:
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY {target} FROM STDIN WITH ({how})") as stream,
        ):
            stream.write(SIGNATURE)
            for rows, data in _ahead(_encoded(frames)):
                stream.write(memoryview(data))
                count += rows
            stream.write(END)
    except psycopg.IntegrityError as error:
        raise DataError(
            f"{target}: {error.diag.message_primary}: {error.diag.message_detail}"
        ) from error
    except psycopg.Error as error:
        ours = translate(error, connection.engine.url, lost=driver.broken)
        raise (ours or error) from error
    return count


def _encoded(frames: Iterable[pl.DataFrame]) -> Iterator[tuple[int, pa.Buffer]]:
    for frame in frames:
        for part in frame.iter_slices(_SLICE):
            yield len(part), binary_rows(part)


def _ahead(parts: Iterator[tuple[int, pa.Buffer]]) -> Iterator[tuple[int, pa.Buffer]]:
    """Give each part while the next one is being made."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = maker.submit(next, parts, None)
            yield part


def insert_tuples(
    connection: Connection, table: str, run_no: int, frames: Iterable[pl.DataFrame]
) -> int:
    """Insert frames into SQLite's `table` under a run number; give the number of rows.

    Raises:
        DataError: a row breaks the table's key.

    """
    count = 0
    try:
        for frame in frames:
            names = ", ".join(("run_no", *frame.columns))
            marks = ", ".join("?" * (1 + frame.width))
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            numbered = frame.select(pl.lit(run_no).alias("run_no"), pl.all())
            for part in numbered.iter_slices(_SLICE):
                connection.exec_driver_sql(statement, part.rows())
            count += len(frame)
    except IntegrityError as error:
        raise DataError(f"{table}: a row comes twice: {error.orig}") from error
    return count
