"""Schemas of the frames that go to SQL, and the one check of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from fusion.errors import DataError


@dataclass(frozen=True)
class FrameSchema:
    """Columns of a frame for one table.

    Attributes:
        table: name of the table.
        columns: names and dtypes, in the order in which they are loaded.
        nullable: columns that may hold null.
    """

    table: str
    columns: Mapping[str, pl.DataType | type[pl.DataType]]
    nullable: frozenset[str] = frozenset()


LISTS = FrameSchema(
    "recommendation",
    {
        "user_id": pl.String,
        "rank": pl.Int32,
        "item_id": pl.String,
        "score": pl.Float32,
        "probability": pl.Float64,
    },
    frozenset({"probability"}),
)
SERVED = FrameSchema(
    "served_user",
    {"user_id": pl.String, "route": pl.String, "segment": pl.String},
    frozenset({"segment"}),
)
FALLBACK = FrameSchema(
    "fallback", {"segment": pl.String, "rank": pl.Int32, "item_id": pl.String, "score": pl.Float32}
)
EXPLANATIONS = FrameSchema(
    "explanation",  # the view: rows are packed before they are loaded
    {
        "user_id": pl.String,
        "item_id": pl.String,
        "source": pl.String,
        "source_rank": pl.Int32,
        "reason": pl.String,
        "detail": pl.String,
        "gain": pl.Float32,
    },
    frozenset({"source", "source_rank", "reason", "detail", "gain"}),
)
EXPLAINED_USERS = FrameSchema("explained_user", {"user_id": pl.String, "reasons": pl.String})
HISTORIES = FrameSchema("user_history", {"user_id": pl.String, "events": pl.String})
METRICS = FrameSchema(
    "metric",
    {
        "subject": pl.String,
        "segment": pl.String,
        "name": pl.String,
        "k": pl.Int32,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    },
    frozenset({"value", "low", "high"}),
)


def conform(frame: pl.DataFrame, schema: FrameSchema) -> pl.DataFrame:
    """Return a frame in the columns and dtypes of a schema.

    Args:
        frame: with those columns, and perhaps others.
        schema: of the table that it goes to.

    Returns:
        The columns of the schema, in its order.

    Raises:
        DataError: a column is missing or of another kind; a null where none may be; a NUL
            character, which PostgreSQL cannot store; a number that is not finite. With count and
            examples.
    """
    require_columns(frame, schema)
    # A strict cast: what does not fit its column is refused, never cut.
    columns = [pl.col(name).cast(dtype) for name, dtype in schema.columns.items()]
    try:
        frame = frame.select(columns)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{schema.table}: wrong kind of column: {error}") from error
    for name, dtype in schema.columns.items():
        if name not in schema.nullable:
            _refuse(frame, pl.col(name).is_null(), schema, f"null in {name!r}")
        if dtype == pl.String:
            has_nul = pl.col(name).str.contains("\0", literal=True)
            problem = (
                f"a NUL character in {name!r}, which SQL cannot store; take it out of the data"
            )
            _refuse(frame, has_nul, schema, problem)
        elif dtype in (pl.Float32, pl.Float64):
            _refuse(frame, ~pl.col(name).is_finite(), schema, f"NaN or infinity in {name!r}")
    return frame


def require_columns(frame: pl.DataFrame, schema: FrameSchema) -> None:
    """Refuse a frame in which a column is missing.

    Args:
        frame: that goes to SQL.
        schema: of the table that it goes to.

    Raises:
        DataError: with the columns that are missing and those that are there.
    """
    missing = [name for name in schema.columns if name not in frame.columns]
    if missing:
        raise DataError(f"{schema.table}: columns {missing} are missing, found {frame.columns}")


def _refuse(frame: pl.DataFrame, is_bad: pl.Expr, schema: FrameSchema, problem: str) -> None:
    """Raise where a condition holds for a row, with the first three of them."""
    rows = frame.filter(is_bad)
    if len(rows):
        message = f"{schema.table}: {len(rows)} rows with {problem}"
        raise DataError(message, examples=rows.head(3).to_dicts())
