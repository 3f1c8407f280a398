"""The little language of `positive`: "weight >= 4 and not (event = 'refund')" over the columns of the interactions."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from fusion.errors import ConfigError
from fusion.ingest.cell_parsing import number

TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))|(?P<text>'[^']*'|"[^"]*")|`(?P<quoted>[^`]+)`
    |(?P<mark><=|>=|<>|!=|==|=|<|>|\(|\)|,)|(?P<word>[^\W\d][\w.]*))""",
    re.VERBOSE,
)
KEYWORDS = ("and", "or", "not", "in")
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
GRAMMAR = "Write comparisons of a column with a number or a 'text', joined by and, or, not, in (...) and parentheses"


def _wrong(text: str, why: str) -> ConfigError:
    return ConfigError(f"[data] positive = {text!r}: {why}. {GRAMMAR}, such as: weight >= 4.")


@dataclass(frozen=True)
class Token:
    """A piece of the text: its kind (number, text, name, mark, keyword) and what it says."""

    kind: str
    value: str


def _tokens(text: str) -> list[Token]:
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise _wrong(text, f"{text[place:].strip()[:20]!r} cannot be read")
        place = match.end()
        kind, value = next(
            (kind, value) for kind, value in match.groupdict().items() if value is not None
        )
        if kind == "word":
            keyword = value.lower() in KEYWORDS
            found.append(Token("keyword", value.lower()) if keyword else Token("name", value))
        else:
            found.append(Token("name" if kind == "quoted" else kind, value))
    return found


def columns_of(text: str) -> list[str]:
    """Name the columns that an expression uses, in order and once. Raises ConfigError where it cannot be read."""
    return list(dict.fromkeys(token.value for token in _tokens(text) if token.kind == "name"))


def positive_expr(text: str, columns: dict[str, tuple[str, pl.DataType]]) -> pl.Expr:
    """Turn an expression into polars (bool, never null: what is not known is not liked).

    `columns` gives each name's column in the frame and its type. Raises ConfigError.
    """
    parser = _Parser(text, _tokens(text), columns)
    found = parser.either()
    if parser.left:
        raise _wrong(text, f"{parser.left[0].value!r} is out of place")
    return found.fill_null(False)


@dataclass
class _Parser:
    text: str
    left: list[Token]
    columns: dict[str, tuple[str, pl.DataType]] = field(default_factory=dict)

    def take(self, *kinds: str) -> Token:
        if not self.left:
            raise _wrong(self.text, "it ends too early")
        token = self.left.pop(0)
        if token.kind not in kinds:
            raise _wrong(self.text, f"{token.value!r} is out of place")
        return token

    def skip(self, value: str) -> bool:
        hit = (
            bool(self.left)
            and self.left[0].kind in ("mark", "keyword")
            and self.left[0].value == value
        )
        if hit:
            self.left.pop(0)
        return hit

    def either(self) -> pl.Expr:
        found = self.both()
        while self.skip("or"):
            found = found | self.both()
        return found

    def both(self) -> pl.Expr:
        found = self.single()
        while self.skip("and"):
            found = found & self.single()
        return found

    def single(self) -> pl.Expr:
        if self.skip("not"):
            return ~self.single()
        if self.skip("("):
            found = self.either()
            self.close()
            return found
        return self.comparison()

    def close(self) -> None:
        if not self.skip(")"):
            raise _wrong(self.text, "a ) is missing")

    def comparison(self) -> pl.Expr:
        column, dtype = self.columns[self.take("name").value]
        negated = self.skip("not")
        if self.skip("in"):
            found = self.among(column, dtype)
            return ~found if negated else found
        mark = self.take("mark").value
        if negated or mark not in COMPARE:
            raise _wrong(self.text, f"{mark!r} is out of place")
        return self.compare(column, dtype, mark)

    def compare(self, column: str, dtype: pl.DataType, mark: str) -> pl.Expr:
        literal = self.take("number", "text")
        if literal.kind == "number":
            return COMPARE[mark](number(pl.col(column), dtype), pl.lit(float(literal.value)))
        return COMPARE[mark](pl.col(column).cast(pl.String), pl.lit(literal.value[1:-1]))

    def among(self, column: str, dtype: pl.DataType) -> pl.Expr:
        if not self.skip("("):
            raise _wrong(self.text, "after `in` comes a list such as ('buy', 'cart')")
        found = self.compare(column, dtype, "=")
        while self.skip(","):
            found = found | self.compare(column, dtype, "=")
        self.close()
        return found
