"""Text that comes from data, on a terminal and in logs: it can be read, and steers nothing.

An escape sequence in a title could clear the screen or rename the window, a line break in a name
could forge a line of a log, and marks of direction could show a sentence in another order.
"""

import logging
from collections.abc import Iterable
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from fusion.masking import mask_secrets

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


class SafeConsole(Console):
    """A console that shows texts as they are: no emoji for `:x:`, no escape sequence but ours."""

    def __init__(self, **options: Any) -> None:
        """Make a console.

        Args:
            options: as `rich.console.Console` takes them.
        """
        super().__init__(highlight=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a text into what Rich shows; every text passes here, cells of tables too.

        Args:
            text: with markup, where `options` do not turn it off.
            options: as Rich gives them.

        Returns:
            The text with its styles.
        """
        return super().render_str(visible(mask_secrets(text)), **options)


class OneLineTable(Table):
    """A table whose cells are one line each, whatever the data holds."""

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
        """Add a row.

        Args:
            cells: texts with markup, or other renderables.
            options: as `rich.table.Table.add_row` takes them.
        """
        super().add_row(*_one_line_each(cells), **options)


def _one_line_each(cells: Iterable[RenderableType | None]) -> list[RenderableType | None]:
    return [one_line(cell) if isinstance(cell, str) else cell for cell in cells]


class OneLineFormatter(logging.Formatter):
    """Formats a record as one line; the traceback after it, if any, keeps its lines.

    Secrets are masked in both.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write the line and the traceback.

        Args:
            record: of a log.

        Returns:
            The text without its secrets.
        """
        return mask_secrets(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Write the line.

        Args:
            record: whose `message` is made already.

        Returns:
            The line as the format says.
        """
        record.message = one_line(record.message)
        return super().formatMessage(record)
