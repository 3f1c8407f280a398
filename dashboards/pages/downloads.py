"""Files that pages offer: JSON, CSV that spreadsheets may open, and text."""

import csv
import json
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from starlette.responses import Response

FORMULA = re.compile(r"\s*[=+\-@|%]|[\t\r\n]")
"""Beginnings of texts that a spreadsheet takes for a formula, also behind blanks."""


def json_file(name: str, content: Any) -> Response:
    """Answer with a JSON file.

    Args:
        name: of the file.
        content: what JSON knows; anything else as its text.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
    return _file(name, text + "\n", "application/json")


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Answer with a CSV file whose texts no spreadsheet runs as formulas.

    Args:
        name: of the file.
        columns: headings.
        rows: cells; None is an empty one, numbers are written in full.
    """
    return _file(name, csv_text(columns, rows), "text/csv")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write rows as CSV whose texts no spreadsheet runs as formulas.

    Args:
        columns: headings.
        rows: cells; None is an empty one, numbers are written in full.
    """
    written = StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(map(_cell, columns))
    lines.writerows(map(_cell, row) for row in rows)
    return written.getvalue()


def text_file(name: str, text: str) -> Response:
    """Answer with a file of plain text.

    Args:
        name: of the file.
        text: its content.
    """
    return _file(name, text, "text/plain")


def _cell(value: Any) -> Any:
    # A quote in front is what spreadsheets themselves mark a text with.
    is_formula = isinstance(value, str) and FORMULA.match(value)
    return f"'{value}" if is_formula else value


def _file(name: str, text: str, kind: str) -> Response:
    # Names may come from data: what could end the header, or lead elsewhere, is left out.
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    headers = {
        "content-disposition": f'attachment; filename="{safe}"',
        "cache-control": "no-store",
    }
    return Response(text, headers=headers, media_type=f"{kind}; charset=utf-8")
