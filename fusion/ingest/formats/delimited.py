"""Delimited text files (CSV and its kin): delimiter and column names from the header."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from fusion.core.findings import FindingKind, declare
from fusion.core.system_errors import will_pass
from fusion.ingest.formats.delimiters import DELIMITERS, SAMPLED_LINES, choose_delimiter

ODD_DELIMITERS = ("::", "^", "~", "\x01", " ")
"""Delimiters that are recognised only to be named in a finding: a parser takes one plain character,
and blanks stand in titles too."""
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16."""
UTF16_ORDERS = ("utf-16-le", "utf-16-be")
MAX_ROW_LINES = 1000
"""Lines of the first row at most: a quote that is never closed would read the whole file."""
FIRST_BYTES = {
    b"SQLite format 3\0": "an SQLite database",
    b"PK\x03\x04": "a ZIP archive, as spreadsheets are",
    b"BZh": "packed by bzip2",
    b"\x28\xb5\x2f\xfd": "packed by Zstandard",
    b"\xfd7zXZ\0": "packed by xz",
}
"""How files begin that people name in place of a text file, and what those are."""

EMPTY = declare(
    FindingKind(
        code="empty_file",
        severity="error",
        what="a file without rows",
        happens="nothing is read",
        cure="Check the export that wrote the file.",
    )
)
ENCODING = declare(
    FindingKind(
        code="wrong_encoding",
        severity="error",
        what="a text file that is not UTF-8",
        happens="nothing is read",
        cure="Convert the file, as in `iconv -f GB18030 -t UTF-8 in.csv > out.csv`.",
    )
)
UTF16 = declare(
    FindingKind(
        code="utf16_file",
        severity="error",
        what="a text file in UTF-16",
        happens="nothing is read",
        cure="Convert the file, as in `iconv -f UTF-16 -t UTF-8 in.csv > out.csv`.",
    )
)
NO_TEXT = declare(
    FindingKind(
        code="no_text_file",
        severity="error",
        what="a database, an archive or other bytes where a text file is expected",
        happens="nothing is read",
        cure="Name a CSV file (.csv, packed .csv.gz), a Parquet file (.parquet), or a query: "
        '{ url = "sqlite:///shop.db", query = "select ..." }.',
    )
)
DELIMITER = declare(
    FindingKind(
        code="wrong_delimiter",
        severity="error",
        what="a text file in one column",
        happens="nothing is read",
        cure="Separate columns by comma, semicolon, tab or vertical bar, "
        r"as in `sed 's/::/\t/g' in.dat > out.csv`.",
    )
)
DUPLICATE_COLUMN = declare(
    FindingKind(
        code="duplicate_column",
        severity="error",
        what="a header that names a column twice",
        happens="nothing is read",
        cure="Rename one of the two in the file.",
    )
)
UNREADABLE = declare(
    FindingKind(
        code="unreadable_file",
        severity="error",
        what="a file that cannot be parsed",
        happens="nothing is read",
        cure="Check the right to read it, and write the file anew; for CSV, look for a quote that"
        " is never closed.",
    )
)


@dataclass(frozen=True)
class Header:
    """The first line of a text file.

    Attributes:
        delimiter: the sign between cells.
        names: column names without blanks round them, "column 1" for a first one without a name.
        has_names: False where the file has no line of names: then the line is the first row, and
            the columns are called by their positions.
        n_blank_lines: before the line.
    """

    delimiter: str
    names: list[str]
    has_names: bool = True
    n_blank_lines: int = 0


def lines(path: Path) -> Iterator[bytes]:
    """Iterate over the raw lines of a text file, unpacked if it ends in .gz.

    Args:
        path: the file.

    Yields:
        One line with its line end.
    """
    with _open(path) as file:
        yield from file


def read_header(path: Path, subject: str, has_names: bool = True) -> Header:
    """Read the first line that is not blank.

    Args:
        path: the file.
        subject: word for what the file holds, in findings.
        has_names: False where the line is the first row already.

    Returns:
        The delimiter and the names of the columns.

    Raises:
        Unusable: the file is empty, no text, not UTF-8, of one column only or names a column
            twice.
    """
    n_blank_lines, line = _first_row(path, subject, has_names)
    text = _decoded(line, path, subject)
    try:
        delimiter = choose_delimiter(text if has_names else _sample(path))
        cells = next(csv.reader(StringIO(text, newline="\n"), delimiter=delimiter))
    except csv.Error as error:
        raise UNREADABLE.stop(subject, f"the header of {path} cannot be read: {error}") from error
    # One column may be a file of its own right, such as a list of items.
    if len(cells) == 1:
        _refuse_odd_delimiter(path, subject, text)
    if not has_names:
        numbered = [f"column {place}" for place in range(1, len(cells) + 1)]
        return Header(delimiter, numbered, has_names, n_blank_lines)
    names = [cell.strip() or f"column {place}" for place, cell in enumerate(cells, 1)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DUPLICATE_COLUMN.stop(subject, f"{path} has more than one column {repeated[0]!r}")
    return Header(delimiter, names, has_names, n_blank_lines)


def guess_encoding(sample: bytes) -> str:
    """Name the likely encoding of bytes that are not UTF-8.

    Args:
        sample: a line that is not UTF-8.

    Returns:
        Its name for a person to read.
    """
    latin = "Windows-1252 (Latin-1)"
    try:
        text = sample.decode("gb18030")
    except UnicodeDecodeError:
        return latin
    # Accented Latin letters often decode as GB18030 too, but hardly ever to common ideographs.
    n_ideographs = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
    n_beyond_ascii = sum(ord(sign) > 127 for sign in text)
    return "GB18030 (GBK)" if n_ideographs * 2 > n_beyond_ascii else latin


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _first_row(path: Path, subject: str, has_names: bool) -> tuple[int, bytes]:
    """The first line with anything in it, and the number of lines before.

    Of a row that is no line of names it is all lines, since cells in quotes may hold line breaks.
    """
    most = 0 if has_names else MAX_ROW_LINES
    try:
        numbered = enumerate(lines(path))
        for n_blank_lines, line in numbered:
            if not line.strip():
                continue
            row = line
            # Up to the end of such a cell the number of quotes is odd.
            for _, more in islice(numbered, most):
                if row.count(b'"') % 2 == 0:
                    break
                row += more
            return n_blank_lines, row
    except (OSError, EOFError) as error:
        if will_pass(error):
            raise
        raise UNREADABLE.stop(subject, f"{path} cannot be opened: {error}") from error
    raise EMPTY.stop(subject, f"{path} is empty")


def _sample(path: Path) -> str:
    """First lines of a file that has no line of names, to see by which sign all rows are cut."""
    sampled = islice((line for line in lines(path) if line.strip()), SAMPLED_LINES)
    return b"".join(sampled).decode("utf-8-sig", "replace")


def _decoded(line: bytes, path: Path, subject: str) -> str:
    """Decode the header, without a byte order mark and line end."""
    for first_bytes, what in FIRST_BYTES.items():
        if line.startswith(first_bytes):
            raise NO_TEXT.stop(subject, f"{path} is {what}")
    if line.startswith(UTF16_MARKS) or _looks_like_utf16(line):
        raise UTF16.stop(subject, f"{path} is UTF-16")
    if b"\0" in line:
        raise NO_TEXT.stop(subject, f"{path} is no text: it has NUL characters in line 1")
    try:
        text = line.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        likely = guess_encoding(line)
        message = f"{path} is not UTF-8 in line 1; it looks like {likely}"
        raise ENCODING.stop(subject, message) from error
    return text.rstrip("\r\n")


def _looks_like_utf16(line: bytes) -> bool:
    """Flag a NUL beside a delimiter or every character: not every program writes the mark."""
    either_order = [mark.encode(order) for mark in DELIMITERS for order in UTF16_ORDERS]
    return any(mark in line for mark in either_order) or 3 * line.count(b"\0") > len(line)


def _refuse_odd_delimiter(path: Path, subject: str, text: str) -> None:
    for odd in ODD_DELIMITERS:
        if odd in text.strip():
            problem = f"{path} has one column; it looks as if {odd!r} separated columns"
            raise DELIMITER.stop(subject, f"{problem}: {text[:60]!r}")
