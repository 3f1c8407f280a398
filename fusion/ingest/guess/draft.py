"""The configuration under guess, and the samples of tables it is guessed from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from fusion.ingest.column_settings import Column
from fusion.ingest.formats.files import Table, open_table
from fusion.ingest.guess.header_line import has_names

SAMPLE_ROWS = 20_000
"""Rows looked at in each file: enough to tell types and kinds apart, and read in a moment."""
UNREADABLE_TYPES = (pl.Binary, pl.Duration, pl.Object, pl.Struct)
"""Types whose cells cannot be read as text; of bytes, those that are UTF-8 can."""


@dataclass
class Guess:
    """Guesses so far.

    Attributes:
        settings: what `DataSettings` takes, as plain values.
        sentences: what was guessed and why, for a person to read.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)

    def uses_as_table(self, place: str) -> bool:
        """Return True where a file is already the one of the items or users.

        Args:
            place: path of the file as the configuration names it.
        """
        return place in (self.settings.get("items"), self.settings.get("users"))


@dataclass(frozen=True)
class SampledTable:
    """A table with its first rows.

    Attributes:
        place: path, folder or glob as the configuration names it.
        table: the opened table.
        sample: first rows, bytes as text, columns of unreadable types left out.
        has_names: False where the first line is a row already.
    """

    place: str
    table: Table
    sample: pl.DataFrame
    has_names: bool = True

    def reference(self, column: str) -> Column:
        """Return how the configuration names a column: by name, or by position from 1.

        Args:
            column: as `columns` calls it.
        """
        return column if self.has_names else self.table.columns.index(column) + 1

    def references(self, columns: Iterable[str]) -> list[Column]:
        """Return how the configuration names columns.

        Args:
            columns: as `columns` calls them.
        """
        return [self.reference(column) for column in columns]

    def about_names(self) -> list[str]:
        """Say that the file has no line of names, where it has none."""
        if self.has_names:
            return []
        cells = [str(cell) for cell in self.sample.row(0)]
        return [
            f"{self.place} has no line of names, since its first line is like the others "
            f"({', '.join(cells)}): its columns are given by position, from 1."
        ]

    @property
    def columns(self) -> list[str]:
        """Names of the columns that can be read."""
        return self.sample.columns

    def columns_without(self, name: str) -> list[str]:
        """List the columns but one.

        Args:
            name: the column to leave out.
        """
        return [column for column in self.columns if column != name]


def sample_table(place: str, base: Path, subject: str) -> SampledTable:
    """Open a table and read its first rows.

    Args:
        place: file, folder or glob.
        base: folder at which relative paths start.
        subject: word for what the table holds, in findings.

    Returns:
        The table with at least one row.

    Raises:
        Unusable: there is no such file, or it cannot be read.
    """
    with_names = has_names(place, base, subject)
    table = open_table(subject, place, base, None, with_names)
    columns = [_decoded(column) for column in table.head(SAMPLE_ROWS)]
    readable = [column for column in columns if _is_readable(column.dtype)]
    return SampledTable(place, table, pl.DataFrame(readable), with_names)


def _decoded(column: pl.Series) -> pl.Series:
    """Read bytes as text where all are UTF-8: some writers of Parquet mark no column as text."""
    if column.dtype != pl.Binary:
        return column
    try:
        return column.cast(pl.String)
    except PolarsError:
        return column  # pictures, vectors and the like


def _is_readable(dtype: pl.DataType) -> bool:
    """Return True for a type whose cells are text, or lists of it."""
    if isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner
        return isinstance(inner, pl.DataType) and not inner.is_nested() and _is_readable(inner)
    return dtype not in UNREADABLE_TYPES
