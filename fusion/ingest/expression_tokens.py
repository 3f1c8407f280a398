"""Tokens of the expression language of `[data] positive`, and the errors of an expression."""

import re
from dataclasses import dataclass

from fusion.errors import ConfigError

TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<text>'[^']*'|"[^"]*")
    |`(?P<quoted>[^`]+)`
    |(?P<mark><=|>=|<>|!=|==|=|<|>|\(|\)|,)
    |(?P<word>[^\W\d][\w.]*)
    )""",
    re.VERBOSE,
)
"""One token after blanks; the name of the group is its kind."""
SHOWN_CHARACTERS = 200
"""Characters of an expression that an error shows: machines write some of a thousand terms."""
KEYWORDS = ("and", "or", "not", "in")
GRAMMAR = (
    "Write comparisons of a column with a number or a 'text', joined by and, or, not, in (...) "
    "and parentheses"
)


@dataclass(frozen=True)
class Token:
    """A piece of an expression.

    Attributes:
        kind: "number", "text", "name", "mark" or "keyword".
        value: as written; quotes stay round a text and go from a name.
    """

    kind: str
    value: str


def expression_error(text: str, reason: str) -> ConfigError:
    """Make the error of an expression.

    Args:
        text: the expression.
        reason: what is wrong with it.
    """
    shown = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
    return ConfigError(f"[data] positive = {shown!r}: {reason}. {GRAMMAR}, such as: weight >= 4.")


def misplaced(text: str, value: str) -> ConfigError:
    """Make the error of a token that stands where it cannot.

    Args:
        text: the expression.
        value: the token.
    """
    return expression_error(text, f"{value!r} is out of place")


def tokens_of(text: str) -> list[Token]:
    """Cut an expression into tokens.

    Args:
        text: the expression.

    Raises:
        ConfigError: a piece of it is no token.
    """
    tokens = []
    position = 0
    text = text.rstrip()  # a token takes the blanks before it, so those at the end would be left
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            rest = text[position:].strip()
            raise expression_error(text, f"{rest[:20]!r} cannot be read")
        position = match.end()
        tokens.append(_token(match))
    return tokens


def _token(match: re.Match[str]) -> Token:
    """Make a token of a match; a word is a keyword or a name."""
    kind = match.lastgroup or ""
    value = match[kind]
    if kind == "quoted":  # `a name` may hold blanks, or be a keyword
        return Token("name", value)
    if kind != "word":
        return Token(kind, value)
    is_keyword = value.lower() in KEYWORDS
    return Token("keyword", value.lower()) if is_keyword else Token("name", value)
