"""The guard before SQL expressions of checks: one row in, true or false out, and nothing else.

Polars parses SQL with subqueries, aggregates, windows and functions of whole columns. What may
stand in a check is a short list; everything else is refused by name before Polars sees it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_TOKENS = 2000
"""Pieces of an expression at most: a long list of allowed values has its own key."""
MAX_OPERATORS = 60
"""Operators at most: of a thousand in a chain Polars overflows its stack, and the process ends."""
MAX_DEPTH = 30
"""Parentheses inside one another; the parser gives up a little later, with a message of its own."""
TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<text>'(?:[^']|'')*')
    |"(?P<quoted>[^"]+)"
    |`(?P<backquoted>[^`"]+)`
    |(?P<mark><=|>=|<>|!=|\|\||[=<>()+\-*/%,])
    |(?P<word>[^\W\d]\w*)
    )""",
    re.VERBOSE,
)
"""One token after blanks; the name of the group is its kind."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


KEYWORDS = _set(
    "and or not in is null between like ilike case when then else end true false cast as"
)
COUNTED = _set("and or not between like ilike when = < > <= >= <> != + - * / % ||")
"""Operators that nest, of which `MAX_OPERATORS` may stand in one expression."""
TYPES = _set("double float integer bigint text varchar")
"""Types that `cast` takes. Text cannot become a date in Polars; ISO dates compare as text."""
FUNCTIONS = _set(
    "abs ceil exp floor greatest least ln mod pow round sign sqrt "
    "char_length concat ends_with left length lower ltrim regexp_like replace right rtrim "
    "starts_with strpos substr trim upper "
    "coalesce nullif"
)
"""Functions of one row; none of them looks at other rows, files or the clock."""


@dataclass(frozen=True)
class Piece:
    """A token of an expression.

    Attributes:
        kind: "number", "text", "column", "mark", "keyword", "type" or "function".
        value: as written; quotes stay round a text and go from a name.
    """

    kind: str
    value: str


def pieces_of(expression: str) -> list[Piece]:
    """Cut an expression into tokens, and refuse what is not of one row.

    Args:
        expression: SQL that is true of a good row.

    Returns:
        The tokens in order; at least one of them is a column.

    Raises:
        ValueError: something may not stand there; the message says what and what may.
    """
    pieces = _sorted_out(list(_tokens(expression)))
    n_operators = sum(piece.value.lower() in COUNTED for piece in pieces if _nests(piece))
    if len(pieces) > MAX_TOKENS or n_operators > MAX_OPERATORS:
        raise ValueError(
            f"the expression has {n_operators} operators in {len(pieces)} pieces; {MAX_OPERATORS} "
            f"and {MAX_TOKENS} are the most: make several checks of it, or use `values`"
        )
    _refuse_depth(pieces)
    if not any(piece.kind == "column" for piece in pieces):
        raise ValueError(f"the expression {expression!r} names no column; write such as: price > 0")
    return pieces


def _nests(piece: Piece) -> bool:
    return piece.kind in ("mark", "keyword")


def _tokens(expression: str) -> Iterator[Piece]:
    """Iterate over tokens; words are of the kind "word" as yet."""
    position = 0
    text = expression.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()[:20]
            raise ValueError(
                f"{rest!r} cannot be read in the expression {expression!r}; texts stand in "
                "'single quotes', columns with blanks in \"double quotes\""
            )
        position = match.end()
        kind = match.lastgroup or ""
        yield Piece("column" if kind in ("quoted", "backquoted") else kind, match[kind])


def _sorted_out(tokens: list[Piece]) -> list[Piece]:
    """Tell keywords, types, functions and columns apart among the words."""
    pieces = []
    previous = Piece("mark", "")
    for place, token in enumerate(tokens):
        piece = token
        if token.kind == "word":
            following = tokens[place + 1].value if place + 1 < len(tokens) else ""
            piece = _word(token.value, previous.value.lower(), following)
        pieces.append(piece)
        previous = piece
    return pieces


def _word(word: str, previous: str, following: str) -> Piece:
    """Say what an unquoted word is, by the pieces beside it."""
    lower = word.lower()
    if previous == "as":
        if lower not in TYPES:
            raise ValueError(f"cast takes no type {word!r}; it takes {', '.join(sorted(TYPES))}")
        return Piece("type", lower)
    if lower in KEYWORDS:
        return Piece("keyword", lower)
    if following == "(":
        if lower not in FUNCTIONS:
            known = ", ".join(sorted(FUNCTIONS))
            raise ValueError(
                f"the expression may not call {word!r}: it looks at one row, with {known}, "
                "case and cast"
            )
        return Piece("function", lower)
    return Piece("column", word)


def _refuse_depth(pieces: list[Piece]) -> None:
    """Raise ValueError where parentheses and `case` nest too deeply."""
    depth = 0
    for piece in pieces:
        if piece.kind in ("column", "text"):
            continue
        depth += piece.value in ("(", "case")
        depth -= piece.value in (")", "end")
        if depth > MAX_DEPTH:
            raise ValueError(f"the expression nests more than {MAX_DEPTH} deep; make it flatter")
