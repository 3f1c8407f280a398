"""The expression language of `[data] positive`, such as "weight >= 4 and not (event = 'refund')".

A recursive-descent parser with one method a rule of the grammar:

    either     = both {"or" both}
    both       = single {"and" single}
    single     = "not" single | "(" either ")" | comparison
    comparison = column mark literal | column ["not"] "in" "(" literal {"," literal} ")"
"""

import operator
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from fusion.ingest.cell_parsing import number
from fusion.ingest.expression_tokens import TOKEN, Token, expression_error, misplaced, tokens_of

COMPARE: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
}

MAX_DEPTH = 50
"""Levels of `not` and parentheses: more than people write, less than the stack holds."""


@dataclass(frozen=True)
class TypedColumn:
    """A column of the frame that an expression is evaluated on, with its type."""

    name: str
    dtype: pl.DataType


def columns_of(text: str) -> list[str]:
    """List the columns that an expression uses, in order and once.

    Args:
        text: the expression; empty text uses none.

    Returns:
        Names as the expression writes them.

    Raises:
        ConfigError: it cannot be read.
    """
    names = [token.value for token in tokens_of(text) if token.kind == "name"]
    return list(dict.fromkeys(names))


def positive_expr(text: str, columns: Mapping[str, TypedColumn]) -> pl.Expr:
    """Translate an expression into polars.

    Args:
        text: the expression.
        columns: the column of the frame for each name in it.

    Returns:
        Bool, never null: an interaction without the needed values is not liked.

    Raises:
        ConfigError: the expression cannot be read.
    """
    parser = _Parser(text, deque(tokens_of(text)), columns)
    condition = parser.either()
    if parser.remaining:
        raise misplaced(text, parser.remaining[0].value)
    return condition.fill_null(False)


@dataclass
class _Parser:
    """The tokens that remain of one expression, and a method for each rule of the grammar."""

    text: str
    remaining: deque[Token]
    columns: Mapping[str, TypedColumn] = field(default_factory=dict)
    depth: int = 0

    def take(self, *kinds: str) -> Token:
        """Take the next token, which must be of one of the kinds."""
        if not self.remaining:
            raise expression_error(self.text, "it ends too early")
        token = self.remaining.popleft()
        if token.kind not in kinds:
            raise misplaced(self.text, token.value)
        return token

    def skip(self, value: str) -> bool:
        """Take the next token if it is a certain mark or keyword.

        Args:
            value: the mark or keyword.

        Returns:
            True where it was taken.
        """
        if not self.remaining:
            return False
        token = self.remaining[0]
        is_next = token.kind in ("mark", "keyword") and token.value == value
        if is_next:
            self.remaining.popleft()
        return is_next

    def either(self) -> pl.Expr:
        """Parse alternatives."""
        conditions = [self.both()]
        while self.skip("or"):
            conditions.append(self.both())
        return _any_of(conditions)

    def both(self) -> pl.Expr:
        """Parse conditions that must all hold; they bind closer than alternatives."""
        conditions = [self.single()]
        while self.skip("and"):
            conditions.append(self.single())
        # One node of many, see `_any_of`.
        return pl.all_horizontal(conditions) if len(conditions) > 1 else conditions[0]

    def single(self) -> pl.Expr:
        """Parse a negation, a parenthesis or a comparison."""
        if self.skip("not"):
            return ~self.nested(self.single)
        if self.skip("("):
            condition = self.nested(self.either)
            self.close()
            return condition
        return self.comparison()

    def nested(self, rule: Callable[[], pl.Expr]) -> pl.Expr:
        """Parse what stands one level deeper, behind `not` or an opening parenthesis."""
        if self.depth == MAX_DEPTH:
            reason = f"it nests `not` and parentheses more than {MAX_DEPTH} deep"
            raise expression_error(self.text, reason)
        self.depth += 1
        condition = rule()
        self.depth -= 1
        return condition

    def close(self) -> None:
        """Take a closing parenthesis."""
        if not self.skip(")"):
            raise expression_error(self.text, "a ) is missing")

    def comparison(self) -> pl.Expr:
        """Parse a column with what it is compared to."""
        name = self.take("name").value
        column = self.columns[name]
        is_negated = self.skip("not")  # only `not in` comes after a column
        if self.skip("in"):
            condition = self.among(column)
            return ~condition if is_negated else condition
        mark = self.take("mark").value
        if is_negated or mark not in COMPARE:
            raise misplaced(self.text, mark)
        return self.compare(column, mark)

    def compare(self, column: TypedColumn, mark: str) -> pl.Expr:
        """Parse the literal of a comparison: a number compares numbers, a 'text' texts.

        Of a column of numbers both do, and a text must be one.

        Args:
            column: left of the mark.
            mark: a key of `COMPARE`.

        Returns:
            The condition, Boolean.
        """
        literal = self.take("number", "text")
        value = literal.value
        cell = pl.col(column.name)
        if literal.kind == "text":
            value = value[1:-1]  # without its quotes
            if not column.dtype.is_numeric():
                return COMPARE[mark](cell.cast(pl.String), pl.lit(value))
            self.require_number(column, value)
        return COMPARE[mark](number(cell, column.dtype), pl.lit(float(value)))

    def require_number(self, column: TypedColumn, value: str) -> None:
        """Refuse a text beside a column of numbers, unless it is a number in quotes.

        Args:
            column: of numbers.
            value: the text.

        Raises:
            ConfigError: the text is no number: as texts, 10 would come before 9.
        """
        token = TOKEN.fullmatch(value)
        if token is None or token.lastgroup != "number":
            name = column.name.removeprefix("@")
            raise expression_error(self.text, f"{name} holds numbers, and {value!r} is none")

    def among(self, column: TypedColumn) -> pl.Expr:
        """Parse the list behind `in`.

        Args:
            column: left of it.

        Returns:
            The condition, Boolean.
        """
        if not self.skip("("):
            raise expression_error(self.text, "after `in` comes a list such as ('buy', 'cart')")
        conditions = [self.compare(column, "=")]
        while self.skip(","):
            conditions.append(self.compare(column, "="))
        self.close()
        return _any_of(conditions)


def _any_of(conditions: list[pl.Expr]) -> pl.Expr:
    """Join alternatives in one node: in a chain of pairs, each pair costs as much as all before."""
    return pl.any_horizontal(conditions) if len(conditions) > 1 else conditions[0]
