"""Read databases of others into polars, with the types that the database says."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import URL, Connection, CursorResult, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from fusion.errors import ConfigError, DataError, FusionError
from storage.database.limits import DEFAULT_LIMITS, LIMITS, TimeLimits, limit_statements, limits_of
from storage.database.postgres_session import local_settings, set_up
from storage.database.translation import on_error
from storage.database.urls import (
    existing_file,
    masked,
    refusal,
    require_sqlite_parameters,
    resolve_url,
)
from storage.reading import row_frames
from storage.reading.row_frames import DType, typed_chunk
from storage.reading.select_only import allow_select_only

QUERY_URL = "the url beside the query"
"""Where people name a database of theirs, for the cure of an error."""
_POSTGRES_TYPES: dict[Any, DType] = {
    16: pl.Boolean,
    20: pl.Int64,
    21: pl.Int64,
    23: pl.Int64,
    25: pl.String,
    700: pl.Float64,
    701: pl.Float64,
    1042: pl.String,
    1043: pl.String,
    1082: pl.Date,
    1114: pl.Datetime("us"),
    1184: pl.Datetime("us", "UTC"),
    1700: pl.Float64,
    2950: pl.String,
}
"""Type numbers of PostgreSQL (pg_type.oid) that are known before the first row; others are
inferred."""
_COMPATIBLE = {"Int64", "Float64"}
"""Dtypes that chunks of one inferred column may have beside each other."""


def read_sql(
    url: str, query: str, base: Path = Path(), limits: TimeLimits = DEFAULT_LIMITS
) -> pl.DataFrame:
    """Run a query that only reads.

    Numbers become Int64 or Float64, texts and uuids String, times with a zone UTC. On SQLite, whose
    columns have no types, the values decide.

    Args:
        url: SQLAlchemy URL of any database whose driver is installed.
        query: one SELECT, in the database's own words. SQLite refuses everything else, PostgreSQL
            runs it in a transaction that only reads; of others the rights of the user decide.
        base: folder at which a relative path of an SQLite file starts.
        limits: seconds to wait for PostgreSQL or SQLite; other databases take limits from
            parameters of their URL alone, as their drivers know them.

    Returns:
        The rows.

    Raises:
        ConfigError: the database is not there or refuses us.
        DataError: the query fails or writes, names a column twice, or a column mixes kinds of
            values.
        Temporary: the database is away or busy, or a limit has passed.
    """
    place = resolve_url(url, base)
    engine = _make_reader(place, limits)
    try:
        with _connect(engine, place) as connection:
            return _read(connection, query)
    except DBAPIError as error:
        reason = f"{error.orig}"
        if _is_refused(error.orig):
            reason += " (a query may only SELECT from tables and views)"
        raise DataError(f"query on {masked(place)} failed: {reason}. The query: {query}") from error
    finally:
        engine.dispose()


def _make_reader(url: URL, limits: TimeLimits) -> Engine:
    """Make an engine of any database; of an SQLite file, one that neither makes nor writes it."""
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        require_sqlite_parameters(url)
    opened = existing_file(url) if is_sqlite else url
    try:
        engine = create_engine(
            opened, hide_parameters=True, connect_args=_arguments(opened, limits)
        )
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigError(
            f"no driver for {masked(url)}: {error}. Install it, or export the data to Parquet."
        ) from error
    except (ArgumentError, TypeError, ValueError) as error:
        raise ConfigError(f"{masked(url)} is no address: {error}. Check {QUERY_URL}.") from error
    if engine.dialect.is_async:
        raise ConfigError(f"{masked(url)} names a driver for asyncio: name another, as psycopg is.")
    engine.update_execution_options(**{LIMITS: limits})
    event.listen(engine, "handle_error", partial(on_error, url=url, setting=QUERY_URL))
    if is_sqlite:
        allow_select_only(engine)
        limit_statements(engine)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _limit_transaction)
    return engine


def _arguments(url: URL, limits: TimeLimits) -> dict[str, Any]:
    """Return arguments of a driver whose parameters are known; those of the URL stay."""
    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        arguments = {"timeout": limits.lock}
    if url.drivername == "postgresql+psycopg":
        # A prepared statement would not outlast a transaction behind a pooler.
        arguments = {"connect_timeout": limits.connect, "prepare_threshold": None}
    return {name: value for name, value in arguments.items() if name not in url.query}


def _limit_transaction(connection: Connection) -> None:
    set_up(connection, local_settings(limits_of(connection)))


def _connect(engine: Engine, url: URL) -> Connection:
    try:
        return engine.connect()
    except (DBAPIError, FusionError):
        raise
    # Drivers of others end as they like on parameters and hosts that they do not know.
    except Exception as error:
        message = f"{masked(url)} cannot be opened: {refusal(error)}. Check {QUERY_URL}."
        raise ConfigError(message) from error


def _is_refused(error: BaseException | None) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_AUTH


def _read(connection: Connection, query: str) -> pl.DataFrame:
    # No parameters: a % in the query is the database's, not the driver's.
    options: dict[str, Any] = {"stream_results": True, "no_parameters": True}
    if connection.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    with connection.execution_options(**options).exec_driver_sql(query) as result:
        if not result.returns_rows:
            raise DataError(f"the query gives no rows: it must be a SELECT. The query: {query}")
        schema = _known_schema(result)
        chunks = [typed_chunk(rows, schema) for rows in result.partitions(row_frames.CHUNK)]
    return _concatenated(chunks or [typed_chunk([], schema)])


def _known_schema(result: CursorResult[Any]) -> dict[str, DType | None]:
    """Return the dtypes known before the first row; None where the values must tell."""
    names = list(result.keys())
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise DataError(f"the query names columns {double} twice: give them other names with AS")
    assert result.cursor is not None
    type_codes = [column[1] for column in result.cursor.description or ()]
    dtypes = map(_POSTGRES_TYPES.get, type_codes)
    return dict(zip(names, dtypes, strict=True))


def _concatenated(chunks: list[pl.DataFrame]) -> pl.DataFrame:
    """Concatenate chunks; their inferred dtypes may differ as whole numbers and fractions do."""
    for name in chunks[0].columns:
        dtypes = {str(chunk[name].dtype) for chunk in chunks} - {"Null"}
        if len(dtypes) > 1 and dtypes != _COMPATIBLE:
            raise DataError(f"column {name!r} mixes kinds: {sorted(dtypes)}. Cast it in the query.")
    return pl.concat(chunks, how="vertical_relaxed")
