"""Lists within stored documents, without the rest of a document, which is long."""

import json
from typing import Any

from sqlalchemy import ColumnElement

from storage.database.errors import unreadable


def list_text(column: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """Return the text of a list in a document.

    Args:
        column: holds documents.
        name: of the list in them.

    Returns:
        A column of its name, for `read_list`.
    """
    text: ColumnElement[str] = column[name].as_string()
    return text.label(name)


def read_list(text: str | None) -> list[dict[str, Any]]:
    """Read a list of objects.

    Args:
        text: JSON; None where the document has no such list.

    Returns:
        The list; empty for None.

    Raises:
        DamagedDatabase: it is something else.
    """
    if text is None:
        return []
    try:
        rows = json.loads(text)
    except ValueError:
        raise unreadable("JSON list", text) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unreadable("JSON list", text)
    return rows
