"""Quotes that open a cell and take rows into it: two stray ones lose every row between them.

A parser has no means to notice: a cell in quotes may hold line breaks, as texts of items do. What
tells the two apart is the form of the lines inside the cell.
"""

import csv
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Rows
from fusion.core.findings import FindingKind, declare
from fusion.ingest.formats.delimited import Header, lines

MAX_LOST_SHARE = 0.01
"""Share of a file's lines above which rows in cells are no accident any more."""
MAX_CELL_LINES = 10_000
"""Lines of a cell above which it is no text, whatever its lines look like: a book has as many."""
SAMPLED_ROWS = 200
"""Rows by which the form of a row is known."""
READ_BYTES = 1 << 20
"""Bytes read at a time in the search for a first quote."""
NUMBER = r"[+-]?\d[\d.:+\-TZ ]*"
"""A number, a date or a time."""

SWALLOWED = declare(
    FindingKind(
        code="swallowed_rows",
        severity="warning",
        what="rows that a quote took into a cell",
        happens="they are lost in the cell",
        cure='Remove the quote, or write the cell as "..." with each quote inside it doubled.',
        limit=MAX_LOST_SHARE,
    )
)


@dataclass(frozen=True)
class SwallowingCell:
    """A cell that holds rows.

    Attributes:
        opens: number from 1 of the line in which its quote opens.
        closes: likewise, in which it is closed; None where it never is.
        n_rows: lines in it that have the form of a row.
    """

    opens: int
    closes: int | None
    n_rows: int

    def text(self) -> str:
        """Describe the cell for a person to read."""
        end = "never closed" if self.closes is None else f"closed in line {self.closes}"
        return f"the quote that opens in line {self.opens} is {end}"


def swallowing_cells(path: Path, header: Header) -> tuple[list[SwallowingCell], int]:
    """Find the cells of a text file that hold rows of it.

    Args:
        path: the file, which is UTF-8.
        header: its first line.

    Returns:
        The cells in the order of the file, and its number of lines (0 where none was counted, since
        it has no quote).
    """
    if not _may_have_quotes(path):
        return [], 0
    line = pl.col("line")
    scanned = pl.scan_lines(path, glob=False)
    # A cell is open behind every line up to which the number of quotes is odd.
    is_odd = line.str.count_matches('"', literal=True) % 2 == 1
    flags = scanned.select(is_odd.alias("is_odd")).collect(engine="streaming")["is_odd"]
    odd_lines = flags.arg_true().to_numpy()
    if not len(odd_lines):
        return [], len(flags)
    is_row = _row_form(path, header)
    if is_row is None:
        has_form = np.zeros(len(flags), bool)
    else:
        has_form = scanned.select(is_row).collect(engine="streaming").to_series().to_numpy()
    return _cells_with_rows(odd_lines, has_form), len(flags)


def _cells_with_rows(odd_lines: Rows, has_form: np.ndarray) -> list[SwallowingCell]:
    """Pair the lines with an odd number of quotes to cells, and keep those that hold rows."""
    n_lines = len(has_form)
    rows_before = np.append(0, np.cumsum(has_form))
    is_closed = len(odd_lines) % 2 == 0
    ends = odd_lines if is_closed else np.append(odd_lines, n_lines - 1)
    opens, closes = ends[0::2], ends[1::2]
    n_lines_inside = closes - opens
    n_rows = rows_before[closes + 1] - rows_before[opens + 1]
    n_rows = np.where(n_lines_inside > MAX_CELL_LINES, n_lines_inside, n_rows)
    # A text may have a line that looks like a row, but hardly every second.
    is_swallowing = (n_rows > 0) & (2 * n_rows >= n_lines_inside)
    cells = []
    for cell in np.flatnonzero(is_swallowing).tolist():
        is_open = not is_closed and cell == len(opens) - 1
        line_closed = None if is_open else int(closes[cell]) + 1
        cells.append(SwallowingCell(int(opens[cell]) + 1, line_closed, int(n_rows[cell])))
    return cells


def _may_have_quotes(path: Path) -> bool:
    """Look for a quote: most logs have none, and searching bytes is much faster than parsing."""
    if path.suffix == ".gz":
        return True
    with path.open("rb") as file:
        return any(b'"' in chunk for chunk in iter(lambda: file.read(READ_BYTES), b""))


def _row_form(path: Path, header: Header) -> pl.Expr | None:
    """Build the condition that a line looks like the file's first rows, cell by cell.

    Returns:
        Boolean, one a line; None where no column has a form by which rows are known.
    """
    sampled = [cells for cells in _first_rows(path, header) if len(cells) == len(header.names)]
    forms = [_cell_form(cells, header.delimiter) for cells in zip(*sampled, strict=True)]
    if all(form is None for form in forms):
        return None
    anything = f"[^{re.escape(header.delimiter)}]*"
    patterns = [anything if form is None else form for form in forms]
    pattern = "^" + re.escape(header.delimiter).join(patterns) + r"\r?$"
    # The quotes themselves are what is amiss, so that they say nothing about the form.
    without_quotes = pl.col("line").str.replace_all('"', "", literal=True)
    return without_quotes.str.contains(pattern) & (without_quotes.str.strip_chars() != "")


def _first_rows(path: Path, header: Header) -> list[list[str]]:
    """Read some rows below the names as a parser does: texts of several lines are one cell."""
    texts = (line.decode("utf-8", "replace") for line in lines(path))
    reader = csv.reader(texts, delimiter=header.delimiter)
    rows: list[list[str]] = []
    # A cell that is too long ends the sample: it is one of those that are looked for.
    with suppress(csv.Error):
        rows.extend(islice(reader, int(header.has_names), SAMPLED_ROWS))
    return rows


def _cell_form(cells: tuple[str, ...], delimiter: str) -> str | None:
    """Return the pattern of a column of numbers, times or codes; None for words."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return None
    code = rf"[^{re.escape(delimiter)}\s]*"
    # Codes have digits. Words without them would fit verses, where every line has its comma.
    for form in (NUMBER, rf"{code}\d{code}"):
        if all(re.fullmatch(form, cell) for cell in filled):
            # A cell may be empty only where some are, or a line of commas would be a row.
            return form if len(filled) == len(cells) else f"(?:{form})?"
    return None
