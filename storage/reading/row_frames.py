"""Rows of SQL as polars frames: all at once for a list, in chunks for a whole run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, Executable, RowMapping

from fusion.errors import DataError

CHUNK = 50_000
"""Rows fetched at a time: bounds what stands in memory as Python objects."""

DType = pl.DataType | type[pl.DataType]


def as_frame(rows: Iterable[RowMapping], schema: Mapping[str, DType]) -> pl.DataFrame:
    """Return rows as a frame of exactly the columns and dtypes of a schema.

    Args:
        rows: each with the columns of the schema, and perhaps others; there may be none.
        schema: names and dtypes.
    """
    values = [tuple(row[name] for name in schema) for row in rows]
    return pl.DataFrame(values, schema=dict(schema), orient="row")


def stream_rows(
    connection: Connection,
    statement: Executable,
    schema: Mapping[str, DType],
    parameters: Mapping[str, Any] | None = None,
) -> pl.DataFrame:
    """Run a statement and return its rows, fetched chunk by chunk from the server.

    Args:
        connection: to our database.
        statement: a SELECT whose columns are those of the schema, in its order.
        schema: names and dtypes.
        parameters: of the statement; None for none.
    """
    # For this statement alone: options set on the connection would hold for all that follow.
    options = {"stream_results": True}
    result = connection.execute(statement, parameters, execution_options=options)
    chunks = [typed_chunk(rows, schema) for rows in result.partitions(CHUNK)]
    # The empty frame gives columns and dtypes where there is no row.
    return pl.concat([pl.DataFrame(schema=schema), *chunks])


def typed_chunk(rows: Sequence[Sequence[Any]], schema: Mapping[str, DType | None]) -> pl.DataFrame:
    """Return rows as a frame.

    Args:
        rows: tuples of the columns of the schema; there may be none.
        schema: names and dtypes; a dtype of None is inferred from the values.

    Raises:
        DataError: a column mixes kinds of values.
    """
    columns: Sequence[tuple[Any, ...]] = list(zip(*rows, strict=True))
    if not rows:
        columns = [()] * len(schema)
    series = []
    for name, values in zip(schema, columns, strict=True):
        series.append(_series(name, values, schema[name]))
    return pl.DataFrame(series)


def _series(name: str, values: tuple[Any, ...], dtype: DType | None) -> pl.Series:
    kinds = {type(value) for value in values} - {type(None)}
    if dtype is None and kinds == {int, float}:
        dtype = pl.Float64
    if dtype == pl.String:
        values = _texts(values)
    # Numbers may be cast to the dtype that the database names; nothing becomes text or is inferred
    # from mixed values.
    strict = dtype in (None, pl.String)
    try:
        return pl.Series(name, values, dtype=dtype, strict=strict)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        examples = {type(value).__name__: value for value in values if value is not None}
        raise DataError(
            f"column {name!r} mixes kinds, e.g. {examples}. Cast it in the query."
        ) from None


def _texts(values: tuple[Any, ...]) -> tuple[str | None, ...]:
    """Return values as text; uuids come as objects."""
    return tuple(None if value is None else str(value) for value in values)
