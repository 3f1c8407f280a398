"""Text that comes from data, as it may be shown: it can be read, and steers nothing.

An escape sequence in a title could clear the screen or rename the window, a line break in a name
could forge a line of a log, and marks of direction could show a sentence in another order.
"""

_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_LINE_ENDS = (0x2028, 0x2029)
_DIRECTIONS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Marks that reorder what follows; those of Arabic and Hebrew text itself are others."""
STEERING = frozenset((*_CONTROLS, *_LINE_ENDS, *_DIRECTIONS))
"""Code points that steer a terminal or a reader of lines."""
_ONE_LINE = {code: repr(chr(code))[1:-1] for code in STEERING}
_LINES = {code: text for code, text in _ONE_LINE.items() if chr(code) not in "\n\t"}
# As JSON writes any character; those below 0x20 are escaped by `json` itself.
_JSON = {code: f"\\u{code:04x}" for code in STEERING if code >= 0x7F}


def one_line(text: str) -> str:
    r"""Show a text on one line, with what steers a terminal as an escape such as `\x1b`.

    Args:
        text: from data, a database or a person.
    """
    return text.translate(_ONE_LINE)


def visible(text: str) -> str:
    """Show what steers a terminal as an escape; line feeds and tabs stay.

    Args:
        text: one line or several.
    """
    return text.translate(_LINES)


def json_text(text: str) -> str:
    """Write characters that steer a terminal as JSON's own escapes, which mean the same.

    Args:
        text: a JSON document.
    """
    return text.translate(_JSON)
