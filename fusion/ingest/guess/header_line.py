"""The guess whether the first line of a text file holds names, or is a row already."""

from pathlib import Path

import polars as pl

from fusion.core.findings import Unusable
from fusion.ingest.formats.file_search import find_files, is_text_file
from fusion.ingest.formats.parts import text_part
from fusion.ingest.guess.cell_kinds import is_number, is_time
from fusion.ingest.guess.vocabulary import is_column_word

SAMPLED_ROWS = 2000
"""Rows among which the cells of the first line are looked for."""


def has_names(place: str, base: Path, subject: str) -> bool:
    """Look at the first line of the first file, beside the rows below it.

    It is a row where a cell of it is a number or time as the column below is, or recurs there, and
    no cell is text above numbers or times, or a word for a column that the column below has not.

    Args:
        place: file, folder or glob.
        base: folder at which relative paths start.
        subject: word for what the table holds, in findings.

    Returns:
        False for a row; True for names, and for a file that is no text or cannot be read.

    Raises:
        Unusable: there is no such file.
    """
    path = find_files(subject, place, base)[0]
    if not is_text_file(path):
        return True
    try:
        rows = text_part(path, subject, has_names=False).frame.head(SAMPLED_ROWS).collect()
    except (Unusable, pl.exceptions.PolarsError):
        return True  # the reader of files with names says best what is wrong
    return not _begins_with_a_row(rows)


def _begins_with_a_row(rows: pl.DataFrame) -> bool:
    """Return True where the first of some rows is like the others."""
    # A quote that nothing closes takes all lines into one cell, and leaves none.
    if rows.is_empty():
        return False
    first, others = rows.row(0), rows.slice(1)
    if others.is_empty() or _are_numbers_of_columns(first):
        return False
    # Exports that were put behind one another repeat the line of names as a whole.
    cells = zip(rows.columns, first, strict=True)
    is_repeated = pl.all_horizontal(pl.col(name).eq_missing(pl.lit(cell)) for name, cell in cells)
    others = others.filter(~is_repeated)
    signs = [_sign(cell, others[name]) for name, cell in zip(rows.columns, first, strict=True)]
    return max(signs) > 0 and min(signs) >= 0


def _are_numbers_of_columns(cells: tuple[str | None, ...]) -> bool:
    """Return True for 0, 1, 2, ... or 1, 2, 3, ...: some exports number their columns so."""
    return any(
        list(cells) == [str(place + start) for place in range(len(cells))] for start in (0, 1)
    )


def _sign(cell: str | None, column: pl.Series) -> int:
    """Say what a cell of the first line is by its column: 1 for a value, -1 for a name."""
    if cell is None or column.drop_nulls().is_empty():
        return 0
    alone = pl.Series([cell])
    for is_kind in (is_number, _is_time):
        if is_kind(column):
            return 1 if is_kind(alone) else -1
    if cell in column:
        return 1
    return -1 if is_column_word(cell) else 0


def _is_time(column: pl.Series) -> bool:
    return is_time(column, named=True)
