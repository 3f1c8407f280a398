"""Frames checked once, before they go to SQL."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from fusion.errors import DataError


@dataclass(frozen=True)
class FrameSchema:
    """What a frame for one table must hold: its columns with dtypes, and which of them may be null."""

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
    "explanation",
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


def checked(frame: pl.DataFrame, shape: FrameSchema) -> pl.DataFrame:
    """Give `frame` in the columns and dtypes of `shape`.

    Raises: DataError: a column is missing or of another kind; a null where none may be; a NUL
        character, which PostgreSQL cannot store; a number that is not finite. With count and
        examples.

    """
    require_columns(frame, shape)
    try:
        frame = frame.select(pl.col(name).cast(dtype) for name, dtype in shape.columns.items())
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{shape.table}: wrong kind of column: {error}") from error
    for name, dtype in shape.columns.items():
        if name not in shape.nullable:
            _refuse(frame, pl.col(name).is_null(), shape, f"null in {name!r}")
        if dtype == pl.String:
            nul = pl.col(name).str.contains("\0", literal=True)
            _refuse(
                frame,
                nul,
                shape,
                f"a NUL character in {name!r}, which SQL cannot store; take it out of the data",
            )
        elif dtype in (pl.Float32, pl.Float64):
            _refuse(frame, ~pl.col(name).is_finite(), shape, f"NaN or infinity in {name!r}")
    return frame


def require_columns(frame: pl.DataFrame, shape: FrameSchema) -> None:
    """See that every column of `shape` is there.

    Raises:
        DataError: with what is missing and what was found.

    """
    missing = [name for name in shape.columns if name not in frame.columns]
    if missing:
        raise DataError(f"{shape.table}: columns {missing} are missing, found {frame.columns}")


def _refuse(frame: pl.DataFrame, bad: pl.Expr, shape: FrameSchema, problem: str) -> None:
    rows = frame.filter(bad)
    if len(rows):
        raise DataError(
            f"{shape.table}: {len(rows)} rows with {problem}, e.g. {rows.head(3).rows()}"
        )
