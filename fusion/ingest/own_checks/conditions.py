"""Conditions of rows that break a check: as Polars expressions, and over columns as a whole.

A missing cell breaks no bound, no list of values, no pattern and no uniqueness; an expression that
is not known for a row, as in SQL, is not broken by it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fusion.core.arrays import DAY
from fusion.ingest.assemble import duplicates
from fusion.ingest.cell_parsing import number
from fusion.ingest.own_checks.check_settings import CheckSettings
from fusion.ingest.own_checks.expression_types import NUMBER, TEXT, column_alias, type_expression
from fusion.ingest.time_parsing import moment_ms, to_ms

Judge = Callable[[pl.DataFrame], pl.Series]
"""Flags bad rows (n,) bool of a frame with the columns of a check as they stand in the file."""


@dataclass(frozen=True)
class Condition:
    """The condition of a row that breaks a check.

    Attributes:
        must: what must hold, in words.
        is_bad: Boolean over `inputs`, one a row; None where rows cannot be judged one by one.
        inputs: columns that `is_bad` needs, made of those of the file.
        judge: flags bad rows over whole columns; None where `is_bad` does, or rows are counted.
    """

    must: str
    is_bad: pl.Expr | None = None
    inputs: tuple[pl.Expr, ...] = ()
    judge: Judge | None = None


def condition_of(
    check: CheckSettings, prefix: str, schema: Mapping[str, pl.DataType], zone: str
) -> Condition:
    """Build what breaks a check.

    Args:
        check: whose columns all stand in the schema.
        prefix: begins names of `inputs`, so that several checks can stand in one frame.
        schema: type of each column of the file.
        zone: the IANA zone in which times without one are read.

    Returns:
        The condition.

    Raises:
        ValueError: the check cannot be carried out on these columns; the message says why.
    """
    if check.min_rows is not None:
        return Condition(f"at least {check.min_rows} rows")
    if check.unique:
        return Condition(f"{_quoted(check.columns)} unique", judge=_repeats)
    if check.expression is not None:
        return _of_expression(check.expression, prefix, schema)
    (column,) = check.columns
    if isinstance(check.min, str) or isinstance(check.max, str):
        return _of_times(check, column, zone)
    return _of_cells(check, column, schema[column])


def _of_expression(expression: str, prefix: str, schema: Mapping[str, pl.DataType]) -> Condition:
    typed = type_expression(expression, prefix, schema)
    inputs = []
    is_bad = ~typed.condition()
    is_bad = is_bad.fill_null(False)
    for name, dtype in typed.types.items():
        cell = _filled(pl.col(name), schema[name])
        alias = column_alias(prefix, name)
        if dtype == NUMBER and schema[name] == TEXT:
            inputs.append(number(cell, TEXT).alias(alias))
            # A filled cell that is no number would make the expression unknown, and pass.
            is_bad = is_bad | (cell.is_not_null() & pl.col(alias).is_null())
        else:
            inputs.append(cell.alias(alias))
    return Condition(expression, is_bad, tuple(inputs))


def _of_cells(check: CheckSettings, column: str, dtype: pl.DataType) -> Condition:
    """Judge each cell of one column by itself."""
    cell = _filled(pl.col(column), dtype)
    text = cell.cast(pl.String)
    if check.pattern is not None:
        is_good = text.str.contains(f"^(?:{check.pattern})$")
        must = f"{column} matching {check.pattern}"
    elif check.values and isinstance(check.values[0], str):
        is_good = text.is_in(list(map(str, check.values)))
        must = f"{column} in {', '.join(map(repr, check.values))}"
    elif check.values:
        is_good = number(cell, dtype).is_in([float(value) for value in check.values])
        must = f"{column} in {', '.join(map(repr, check.values))}"
    else:
        is_good = _within(number(cell, dtype), check)
        must = _bounds(check, column)
    # Null is what cannot be read as a number: where the cell is filled, it breaks the check.
    return Condition(must, cell.is_not_null() & ~is_good.fill_null(False))


def _within(value: pl.Expr, check: CheckSettings) -> pl.Expr:
    # Polars orders NaN above all numbers, and so above every minimum.
    is_good = value.is_not_nan()
    if check.min is not None:
        is_good = is_good & (value >= check.min)
    if check.max is not None:
        is_good = is_good & (value <= check.max)
    return is_good


def _of_times(check: CheckSettings, column: str, zone: str) -> Condition:
    """Judge a column of times: its unit is known only from the column as a whole."""
    first = None if check.min is None else _moment(str(check.min), zone)
    last = None if check.max is None else _end(str(check.max), zone)

    def judge(frame: pl.DataFrame) -> pl.Series:
        cells = frame.select(_filled(pl.col(column), frame.schema[column])).to_series()
        times = to_ms(cells, zone)
        is_bad = times.is_null() & cells.is_not_null()
        if first is not None:
            is_bad = is_bad | (times < first).fill_null(False)
        if last is not None:
            is_bad = is_bad | (times > last).fill_null(False)
        return is_bad

    return Condition(_bounds(check, column), judge=judge)


def _moment(text: str, zone: str) -> int:
    try:
        return moment_ms(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"the bound {text!r} is no time; write a date such as '2024-01-31' or ISO 8601 text, "
            "or a number without quotes"
        ) from error


def _end(text: str, zone: str) -> int:
    """Last ms of a bound: a date means the whole day."""
    is_date = len(text) == len("2024-01-31")
    return _moment(text, zone) + (DAY - 1 if is_date else 0)


def _repeats(frame: pl.DataFrame) -> pl.Series:
    """Flag rows whose cells together stand in an earlier row; an empty cell is equal to none."""
    filled = [_filled(pl.col(name), dtype) for name, dtype in frame.schema.items()]
    keys = frame.select(filled)
    is_whole = keys.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
    return duplicates(keys) & is_whole


def _filled(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Null for empty text: text files know no null."""
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Binary):
        cell = cell.cast(pl.String)
    elif dtype != TEXT:
        return cell
    return cell.replace("", None)


def _bounds(check: CheckSettings, column: str) -> str:
    """Describe bounds in words."""
    if check.max is None:
        return f"{column} at least {check.min}"
    if check.min is None:
        return f"{column} at most {check.max}"
    return f"{column} from {check.min} to {check.max}"


def _quoted(names: tuple[str, ...]) -> str:
    return " and ".join(names)
