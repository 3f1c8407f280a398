"""The delimiter of a text file, by its first lines."""

import csv
from io import StringIO

DELIMITERS = ",;\t|"
"""Delimiters that are understood."""
SAMPLED_LINES = 20
"""Lines by which the delimiter of a file without names is chosen: a title in one row may hold more
commas than the row has tabs, but hardly in all of them."""


def choose_delimiter(text: str) -> str:
    """Choose the delimiter that cuts every row into most cells.

    Args:
        text: the line of names, or the first lines of a file without one.

    Returns:
        The first of the best of `DELIMITERS`.

    Raises:
        csv.Error: the text cannot be cut.
    """
    return max(DELIMITERS, key=lambda mark: _fewest_cells(text, mark))


def _fewest_cells(text: str, delimiter: str) -> int:
    rows = list(csv.reader(StringIO(text, newline="\n"), delimiter=delimiter))
    # A cell of several lines may be cut off at the end of the text.
    is_cut_off = text.count('"') % 2 == 1 and len(rows) > 1
    whole = rows[:-1] if is_cut_off else rows
    return min((len(cells) for cells in whole if cells), default=0)
