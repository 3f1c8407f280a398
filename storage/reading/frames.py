"""SQL into polars: rows streamed in chunks, with the types that the database says."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import URL, Connection, CursorResult, Engine, RowMapping, create_engine, event
from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from fusion.errors import ConfigError, DataError
from storage.database.errors import on_error
from storage.database.urls import masked, read_only_file, resolve_url

_CHUNK = 50_000
_POSTGRES_TYPES: dict[Any, pl.DataType | type[pl.DataType]] = {
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
"""Type numbers of PostgreSQL (pg_type.oid) that are known before the first row; other types are inferred."""


def read_sql(url: str, query: str, base: Path = Path()) -> pl.DataFrame:
    """Run a query that only reads and give its rows.

    Numbers become Int64 or Float64, texts and uuids String, times with a zone UTC. On SQLite, whose
    columns have no types, the values decide.

    Args:
        url: SQLAlchemy URL of any database whose driver is installed.
        query: one SELECT, in the database's own words.
        base: folder at which a relative path of an SQLite file starts.

    Raises: ConfigError: the database is not there or refuses us. DataError: the query fails or
        writes, names a column twice, or a column mixes kinds of values. Temporary: the database is
        away or busy.

    """
    place = resolve_url(url, base)
    engine = _reader(place)
    try:
        with engine.connect() as connection:
            return _read(connection, query)
    except DBAPIError as error:
        raise DataError(
            f"query on {masked(place)} failed: {error.orig}. The query: {query}"
        ) from error
    finally:
        engine.dispose()


def as_frame(rows: Iterable[RowMapping], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Give rows as a frame of exactly the columns and dtypes of `schema`, also when there are none."""
    return pl.DataFrame(
        [tuple(row[name] for name in schema) for row in rows], schema=dict(schema), orient="row"
    )


def _reader(url: URL) -> Engine:
    opened = read_only_file(url) if url.get_backend_name() == "sqlite" else url
    try:
        engine = create_engine(opened, hide_parameters=True)
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigError(
            f"no driver for {masked(url)}: {error}. Install it, or export the data to Parquet."
        ) from error
    event.listen(engine, "handle_error", lambda context: on_error(context, url))
    return engine


def _read(connection: Connection, query: str) -> pl.DataFrame:
    options: dict[str, Any] = {"stream_results": True, "no_parameters": True}
    if connection.dialect.name == "postgresql":
        options["postgresql_readonly"] = True
    with connection.execution_options(**options).exec_driver_sql(query) as result:
        if not result.returns_rows:
            raise DataError(f"the query gives no rows: it must be a SELECT. The query: {query}")
        schema = _schema(result)
        chunks = [typed_chunk(rows, schema) for rows in result.partitions(_CHUNK)]
    return _together(chunks or [typed_chunk([], schema)])


def _together(chunks: list[pl.DataFrame]) -> pl.DataFrame:
    """Give chunks as one frame; inferred dtypes may differ as whole numbers and fractions do, no more."""
    for name in chunks[0].columns:
        kinds = {str(chunk[name].dtype) for chunk in chunks} - {"Null"}
        if len(kinds) > 1 and kinds != {"Int64", "Float64"}:
            raise DataError(f"column {name!r} mixes kinds: {sorted(kinds)}. Cast it in the query.")
    return pl.concat(chunks, how="vertical_relaxed")


def _schema(result: CursorResult[Any]) -> dict[str, Any]:
    """Give the dtypes known before the first row; None where the values must tell."""
    names = list(result.keys())
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise DataError(f"the query names columns {double} twice: give them other names with AS")
    assert result.cursor is not None
    codes = [column[1] for column in result.cursor.description or ()]
    return {name: _POSTGRES_TYPES.get(code) for name, code in zip(names, codes, strict=True)}


def typed_chunk(rows: Sequence[Sequence[Any]], schema: dict[str, Any]) -> pl.DataFrame:
    """Give rows as a frame; a dtype of None is inferred from the values.

    Raises:
        DataError: a column mixes kinds of values.

    """
    values = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pl.DataFrame(
        [_series(name, column, schema[name]) for name, column in zip(schema, values, strict=True)]
    )


def _series(name: str, values: tuple[Any, ...], dtype: Any) -> pl.Series:
    if dtype is None and {type(value) for value in values} - {type(None)} == {int, float}:
        dtype = pl.Float64
    if dtype == pl.String:
        values = tuple(
            None if value is None else str(value) for value in values
        )  # uuids come as objects
    try:
        return pl.Series(name, values, dtype=dtype, strict=dtype in (None, pl.String))
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        kinds = {type(value).__name__: value for value in values if value is not None}
        raise DataError(
            f"column {name!r} mixes kinds, e.g. {kinds}. Cast it in the query."
        ) from None
