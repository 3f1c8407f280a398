"""The delimiter of a text file, by its first lines."""

import csv
from io import StringIO

DELIMITERS = ",;\t|"
"""Delimiters that are understood."""
SAMPLED_LINES = 20
"""Lines by which the delimiter of a file without names is chosen: a title in one row may hold more
commas than the row has tabs, but hardly in all of them."""


def choose_delimiter(text: str) -> str:
    """Choose the delimiter that cuts every row into most cells, and none behind a closing quote.

    Args:
        text: the line of names, or the first lines of a file without one.

    Returns:
        The first of the best of `DELIMITERS`.

    Raises:
        csv.Error: the text cannot be cut.
    """
    return max(DELIMITERS, key=lambda mark: _cut(text, mark))


def _cut(text: str, delimiter: str) -> tuple[bool, int]:
    """Return whether a delimiter stands where quotes say so, and the cells of the shortest row."""
    cells = _fewest_cells(text, delimiter)
    return cells > 1 and _fits_quotes(text, delimiter), cells


def _fits_quotes(text: str, delimiter: str) -> bool:
    """Return whether every closing quote is followed by the delimiter or the end of its row.

    A title in quotes may hold more semicolons than its row has tabs.
    """
    try:
        list(csv.reader(StringIO(text, newline="\n"), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _fewest_cells(text: str, delimiter: str) -> int:
    rows = list(csv.reader(StringIO(text, newline="\n"), delimiter=delimiter))
    # A cell of several lines may be cut off at the end of the text.
    is_cut_off = text.count('"') % 2 == 1 and len(rows) > 1
    whole = rows[:-1] if is_cut_off else rows
    return min((len(cells) for cells in whole if cells), default=0)
