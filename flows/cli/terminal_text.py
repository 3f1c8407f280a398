"""Terminals and logs on which text that comes from data can be read, and steers nothing."""

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from flows.visible_text import json_text, one_line, visible
from fusion.masking import mask_all, mask_secrets


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


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the line.

        Args:
            record: of a log; its attribute `fields` holds figures by name.

        Returns:
            A JSON object: `at`, `level`, `logger`, `message`, the fields, and `traceback` where
            there is one.
        """
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask_secrets(record.getMessage()),
            **mask_all(getattr(record, "fields", {})),
        }
        if record.exc_info:
            line["traceback"] = mask_secrets(self.formatException(record.exc_info))
        return json_text(json.dumps(line, ensure_ascii=False, default=str))
