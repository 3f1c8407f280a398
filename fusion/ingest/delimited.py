"""Delimited text files (CSV and its kin): delimiter and header before reading, and what is wrong with one after."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from fusion.core.findings import EXAMPLES, FindingKind, Unusable, declare

DELIMITERS = ",;\t|"
"""What a file may use; found by looking at its header."""

EMPTY = declare(
    FindingKind(
        "empty_file",
        "error",
        "a file without rows",
        "nothing is read",
        "Check the export that wrote the file.",
    )
)
ENCODING = declare(
    FindingKind(
        "wrong_encoding",
        "error",
        "a text file that is not UTF-8",
        "nothing is read",
        "Convert the file, as in `iconv -f GB18030 -t UTF-8 in.csv > out.csv`.",
    )
)
DELIMITER = declare(
    FindingKind(
        "wrong_delimiter",
        "error",
        "a text file in one column",
        "nothing is read",
        r"Separate columns by comma, semicolon, tab or vertical bar, as in `sed 's/::/\t/g' in.dat > out.csv`.",
    )
)
RAGGED = declare(
    FindingKind(
        "ragged_rows",
        "error",
        "rows with more cells than the header has names",
        "nothing is read",
        'Put cells that contain the delimiter into "double quotes", or mend the rows.',
    )
)
DOUBLED = declare(
    FindingKind(
        "duplicate_column",
        "error",
        "a header that names a column twice",
        "nothing is read",
        "Rename one of the two in the file.",
    )
)
UNREADABLE = declare(
    FindingKind(
        "unreadable_file",
        "error",
        "a file that cannot be parsed",
        "nothing is read",
        "Write the file anew; for CSV, look for a quote that is never closed.",
    )
)


@dataclass(frozen=True)
class Header:
    """How a text file is cut: its delimiter, and column names without blanks round them ("column 1" for none)."""

    delimiter: str
    names: list[str]


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def lines(path: Path) -> Iterator[bytes]:
    """Raw lines of a text file, unpacked."""
    with _open(path) as file:
        yield from file


def read_header(path: Path, subject: str) -> Header:
    """Look at the first line. Raises Unusable: empty, not UTF-8, one column only, a name twice."""
    try:
        first = next((line for line in lines(path) if line.strip()), b"")
    except (OSError, EOFError) as wrong:
        raise UNREADABLE.stop(subject, f"{path} cannot be opened: {wrong}") from wrong
    if not first:
        raise EMPTY.stop(subject, f"{path} is empty")
    if b"\0" in first or first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ENCODING.stop(subject, f"{path} is UTF-16, or no text at all")
    try:
        text = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as wrong:
        raise ENCODING.stop(
            subject, f"{path} is not UTF-8 in line 1; it looks like {guess_encoding(first)}"
        ) from wrong
    try:
        delimiter, cells = max(
            ((mark, _cut(text, mark)) for mark in DELIMITERS), key=lambda pair: len(pair[1])
        )
    except csv.Error as wrong:
        raise UNREADABLE.stop(subject, f"the header of {path} cannot be read: {wrong}") from wrong
    if len(cells) == 1:
        _refuse_odd_delimiter(path, subject, text)
    names = [name.strip() or f"column {place}" for place, name in enumerate(cells, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DOUBLED.stop(subject, f"{path} has more than one column {twice[0]!r}")
    return Header(delimiter, names)


def _cut(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter))


def _refuse_odd_delimiter(path: Path, subject: str, text: str) -> None:
    for odd in ("::", "^", "~", "\x01", " "):
        if odd in text.strip():
            message = (
                f"{path} has one column; it looks as if {odd!r} separated columns: {text[:60]!r}"
            )
            raise DELIMITER.stop(subject, message)


def guess_encoding(sample: bytes) -> str:
    """Name the likely encoding of bytes that are not UTF-8."""
    try:
        text = sample.decode("gb18030")
    except UnicodeDecodeError:
        return "Windows-1252 (Latin-1)"
    chinese = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
    odd = sum(ord(sign) > 127 for sign in text)
    return "GB18030 (GBK)" if chinese * 2 > odd else "Windows-1252 (Latin-1)"


def diagnose(path: Path, subject: str, said: str) -> Unusable:
    """Find out why the parser gave up on a text file, having said `said`."""
    try:
        for place, line in enumerate(lines(path), 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                where = f"{path} is not UTF-8 in line {place}; it looks like {guess_encoding(line)}"
                return ENCODING.stop(subject, where)
    except (OSError, EOFError) as wrong:
        return UNREADABLE.stop(subject, f"{path} cannot be read to its end: {wrong}")
    header = read_header(path, subject)
    wide = list(_ragged(path, header))
    if wide:
        message = f"{path} has rows with more cells than its header's {len(header.names)}"
        return RAGGED.stop(subject, message, wide, len(wide))
    return UNREADABLE.stop(subject, f"{path} cannot be read: {said.splitlines()[0]}")


def _ragged(path: Path, header: Header) -> Iterator[dict[str, Any]]:
    found = 0
    reader = csv.reader(
        (line.decode("utf-8-sig") for line in lines(path)), delimiter=header.delimiter
    )
    try:
        for row in reader:
            if len(row) > len(header.names):
                found += 1
                shown = {"row": header.delimiter.join(row)[:80]} if found <= EXAMPLES else {}
                yield {"line": reader.line_num, "cells": len(row), **shown}
    except csv.Error:
        return
