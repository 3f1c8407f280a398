"""Types of the columns of an expression, and the expression as Polars takes it.

Cells of a text file are text, and the expression itself says which of them are numbers: those that
it compares or computes with numbers. Every way to read them is tried on one row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import polars as pl
from polars.exceptions import PolarsError

from fusion.ingest.own_checks.expression_guard import Piece, pieces_of

MAX_COLUMNS = 8
"""Text columns of an expression at most: each doubles the number of ways to read them."""
TEXT = pl.String()
NUMBER = pl.Float64()


@dataclass(frozen=True)
class TypedExpression:
    """An expression whose columns have types.

    Attributes:
        sql: the expression; its columns are called as `column_alias` says.
        types: the type that each column of the file is read as, by its name.
    """

    sql: str
    types: dict[str, pl.DataType]

    def condition(self) -> pl.Expr:
        """Build the condition of a good row over the aliases: Boolean, null where not known."""
        return pl.sql_expr(self.sql)


def type_expression(
    expression: str, prefix: str, schema: Mapping[str, pl.DataType]
) -> TypedExpression:
    """Find the types under which an expression is true or false.

    Args:
        expression: SQL that the guard lets through.
        prefix: begins the names of its columns, so that several checks can stand in one frame.
        schema: type of each column; text may be read as a number.

    Returns:
        The expression with the fewest columns read as numbers.

    Raises:
        ValueError: under no types it is true or false, or two readings of text compare differently.
    """
    pieces = pieces_of(expression)
    sql = " ".join(_as_sql(piece, prefix) for piece in pieces)
    names = list(dict.fromkeys(piece.value for piece in pieces if piece.kind == "column"))
    texts = [name for name in names if schema[name] == TEXT]
    if len(texts) > MAX_COLUMNS:
        raise ValueError(f"it names {len(texts)} text columns; {MAX_COLUMNS} are the most")
    as_numbers = [
        read for read in _subsets(texts) if not _trouble(sql, prefix, schema, names, read)
    ]
    if not as_numbers:
        raise ValueError(_trouble(sql, prefix, schema, names, frozenset()))
    _refuse_two_readings(as_numbers)
    chosen = as_numbers[0]
    types = {name: NUMBER if name in chosen else schema[name] for name in names}
    return TypedExpression(sql, types)


def column_alias(prefix: str, name: str) -> str:
    """Return the name of a column while checks are evaluated.

    Args:
        prefix: of the check.
        name: of the column in the file.
    """
    return f"{prefix} {name}"


def short_reason(error: Exception) -> str:
    """Return what a parser's error says in one line: pages may follow it.

    Args:
        error: of Polars.
    """
    first, *others = str(error).splitlines()
    # Of a regular expression the first line says nothing, and the last one what is wrong.
    causes = [line.removeprefix("error: ") for line in others if line.startswith("error: ")]
    return " ".join([first, *causes])


def _as_sql(piece: Piece, prefix: str) -> str:
    if piece.kind == "column":
        return f'"{column_alias(prefix, piece.value)}"'
    # A cell that is no number is unknown, where `cast` would end the reading of all the others.
    return "try_cast" if (piece.kind, piece.value) == ("keyword", "cast") else piece.value


def _subsets(names: list[str]) -> Iterator[frozenset[str]]:
    """Iterate over all subsets, small ones first."""
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))


def _trouble(
    sql: str,
    prefix: str,
    schema: Mapping[str, pl.DataType],
    names: list[str],
    as_numbers: frozenset[str],
) -> str:
    """Evaluate the expression on one row; returns why that fails, empty where it does not."""
    cells = []
    for name in names:
        dtype = NUMBER if name in as_numbers else schema[name]
        # Text is filled, since patterns are compiled where there is something to match.
        filler = "" if dtype == TEXT else None
        cells.append(pl.Series(column_alias(prefix, name), [filler], dtype))
    try:
        result = pl.DataFrame(cells).lazy().select(pl.sql_expr(sql)).collect().to_series()
    except PolarsError as error:
        return f"it cannot be evaluated: {short_reason(error).replace(f'{prefix} ', '')}"
    if result.dtype != pl.Boolean:
        return "it is neither true nor false of a row; write a comparison such as: price > 0"
    return ""


def _refuse_two_readings(as_numbers: list[frozenset[str]]) -> None:
    """Raise ValueError where text columns are compared with one another.

    "10" < "9" is true of text and false of numbers, and nothing in the expression says which is
    meant. Such columns can be read as text, or all of them as numbers, but not some of them.
    """
    if as_numbers[0]:  # something else says that they are numbers
        return
    readings = as_numbers[1:]
    for group in readings:
        has_smaller = any(other < group for other in readings)
        if len(group) > 1 and not has_smaller:
            quoted = " and ".join(f'"{name}"' for name in sorted(group))
            raise ValueError(
                f"it compares {quoted}, whose cells are text in this file, and does not say "
                "whether as text or as numbers: write cast(... as double) or "
                "cast(... as text) round each"
            )
