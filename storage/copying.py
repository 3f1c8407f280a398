"""Rows into PostgreSQL by COPY and into SQLite by plain tuples, inside the caller's transaction."""

from collections.abc import Iterable

import polars as pl
import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from fusion.errors import DataError
from storage.errors import translate

_SLICE = 100_000
"""Rows turned into text or tuples at a time: bounds memory whatever the size of a block."""

_SPECIAL = r"[\\\t\n\r]"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def copy(connection: Connection, target: str, frames: Iterable[pl.DataFrame], options: str = "") -> int:
    """Send frames to PostgreSQL's `target` (`table (columns)`) in COPY's text format; give their number.

    Text format and not CSV: each special character has its own escape, so that every text arrives as it
    left, on every version of the server.

    Raises:
        DataError: a row breaks the table's key.

    """
    driver, count = connection.connection.driver_connection, 0
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN {options}") as stream:
            for frame in frames:
                count += len(frame)
                for part in frame.iter_slices(_SLICE):
                    stream.write(copy_text(part))
    except psycopg.IntegrityError as error:
        raise DataError(f"{target}: {error.diag.message_primary}: {error.diag.message_detail}") from error
    except psycopg.Error as error:
        ours = translate(error, connection.engine.url, lost=driver.broken)
        raise (ours or error) from error
    return count


def copy_text(frame: pl.DataFrame) -> bytes:
    r"""Give rows as PostgreSQL's text format: tabs between, null as `\N`, backslash escapes in texts."""
    escaped = frame.with_columns(
        _escape(pl.col(name)) for name in frame.columns if frame[name].dtype == pl.String and _is_special(frame[name])
    )
    text = escaped.write_csv(separator="\t", quote_style="never", null_value="\\N", include_header=False)
    return text.encode()


def _is_special(texts: pl.Series) -> bool:
    return bool(texts.str.contains(_SPECIAL).any())


def _escape(column: pl.Expr) -> pl.Expr:
    for plain, escape in _ESCAPES:  # the backslash first, or it would escape the escapes
        column = column.str.replace_all(plain, escape, literal=True)
    return column


def insert_tuples(connection: Connection, table: str, run_no: int, frames: Iterable[pl.DataFrame]) -> int:
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
