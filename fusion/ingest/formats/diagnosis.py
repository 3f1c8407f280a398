"""Diagnosis of a delimited file that the parser refused: its own errors rarely name the cause."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fusion.core.findings import EXAMPLES, FindingKind, Unusable, declare
from fusion.ingest.formats.delimited import (
    ENCODING,
    UNREADABLE,
    Header,
    guess_encoding,
    lines,
    read_header,
)
from fusion.ingest.formats.quotes import swallowing_cells

SHOWN_CHARACTERS = 80
"""Characters of a ragged row that an example shows: a line of a terminal."""

RAGGED = declare(
    FindingKind(
        code="ragged_rows",
        severity="error",
        what="rows with more cells than the header has names, or the first row cells",
        happens="nothing is read",
        cure='Put cells that contain the delimiter into "double quotes", or mend the rows.',
    )
)


def diagnose(path: Path, subject: str, parser_error: str, has_names: bool = True) -> Unusable:
    """Find out why the parser gave up on a text file.

    Args:
        path: the file.
        subject: word for what the file holds, in findings.
        parser_error: the parser's own message, given where no better reason is seen.
        has_names: False where the first line is a row already.

    Returns:
        The exception to raise.

    Raises:
        Unusable: the header itself is at fault.
    """
    # Each fault hides those after it, so the order of these tests matters.
    try:
        undecodable = _undecodable_line(path)
    except (OSError, EOFError) as error:
        return UNREADABLE.stop(subject, f"{path} cannot be read to its end: {error}")
    if undecodable is not None:
        line_number, line = undecodable
        likely = guess_encoding(line)
        message = f"{path} is not UTF-8 in line {line_number}; it looks like {likely}"
        return ENCODING.stop(subject, message)
    header = read_header(path, subject, has_names)
    # Before ragged rows: what a quote took in often makes a row of too many cells.
    cells, _ = swallowing_cells(path, header)
    if cells:
        message = f"{path} cannot be read: {cells[0].text()}, and {cells[0].n_rows} rows are in it"
        return UNREADABLE.stop(subject, message)
    ragged = list(_ragged_rows(path, header))
    if ragged:
        first = "its header's" if has_names else "the first row's"
        message = f"{path} has rows with more cells than {first} {len(header.names)}"
        return RAGGED.stop(subject, message, ragged, len(ragged))
    first_line = parser_error.splitlines()[0]
    return UNREADABLE.stop(subject, f"{path} cannot be read: {first_line}")


def _undecodable_line(path: Path) -> tuple[int, bytes] | None:
    """The first line that is not UTF-8, with its number from 1."""
    for line_number, line in enumerate(lines(path), 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return line_number, line
    return None


def _ragged_rows(path: Path, header: Header) -> Iterator[dict[str, Any]]:
    """Describe each row with too many cells; only the first few with what they hold."""
    texts = (line.decode("utf-8-sig") for line in lines(path))
    reader = csv.reader(texts, delimiter=header.delimiter)
    n_ragged = 0
    try:
        for cells in reader:
            if len(cells) <= len(header.names):
                continue
            n_ragged += 1
            row: dict[str, Any] = {"line": reader.line_num, "cells": len(cells)}
            if n_ragged <= EXAMPLES:
                row["row"] = header.delimiter.join(cells)[:SHOWN_CHARACTERS]
            yield row
    except csv.Error:  # a quote that is never closed; the caller says that the file is unreadable
        return
