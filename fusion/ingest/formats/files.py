"""Tables from CSV and Parquet files and SQL queries, of which only the columns in use are read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from fusion.core.findings import Finding, FindingKind, Unusable, declare
from fusion.errors import ConfigError, DataError
from fusion.ingest.formats.delimited import EMPTY, UNREADABLE
from fusion.ingest.formats.diagnosis import diagnose
from fusion.ingest.formats.file_search import MIXED_FILES, find_files, is_text_file
from fusion.ingest.formats.missing_columns import require_columns
from fusion.ingest.formats.parts import Part, first_line, parquet_part, require_names, text_part
from fusion.ingest.formats.quotes import SWALLOWED, swallowing_cells
from fusion.ingest.table_settings import Source, SqlInput

ReadSql = Callable[[str, str], pl.DataFrame]
"""Runs a query (second) in the database at an address (first).

Raises ConfigError or DataError where the query can never work, Temporary where it may later.
"""
FRAME = "frame"
"""Address of a table that a Python caller hands over in memory; its query is the table's name."""
ROW = "row"
BLANK = "blank"
"""Columns that `Table.pick` adds."""

SQL_FAILED = declare(
    FindingKind(
        code="sql_failed",
        severity="error",
        what="a query that cannot be run",
        happens="nothing is read",
        cure="Run the query by hand; check address, password and driver.",
    )
)


@dataclass(frozen=True)
class Table:
    """Files read as one table, in the order of their names.

    Attributes:
        subject: word for what the table holds, in findings.
        parts: at least one.
        left_out: (k,) numbers of rows that `pick` passes over; None for none.
    """

    subject: str
    parts: list[Part]
    left_out: pl.Series | None = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the first part."""
        return self.parts[0].columns

    def pick(
        self, columns: Mapping[str, str], labels: Mapping[str, pl.Categorical] | None = None
    ) -> pl.DataFrame:
        """Read some columns.

        Args:
            columns: name here -> name in the file.
            labels: name here -> type as which texts and integers are read, batch by batch.

        Returns:
            (n,) rows with these columns, text where the file is text, and `row` (uint32, from 1
            without headers) and `blank` (Boolean: an empty row of a text file).

        Raises:
            Unusable: a column is missing, a file cannot be read or there is no row.
        """
        self._require(columns.values())
        cells = {name: pl.col(column) for name, column in columns.items()}
        for name, label in (labels or {}).items():
            if all(_is_text_like(part.dtypes[columns[name]]) for part in self.parts):
                cells[name] = cells[name].cast(pl.String).cast(label)
        renamed = [cell.alias(name) for name, cell in cells.items()]
        # Naming every column in `blank` makes the parser look at whole rows and report ragged ones.
        frames = [part.frame.select(*renamed, _is_blank(part).alias(BLANK)) for part in self.parts]
        try:
            # Relaxed: exports of different days may write ids as int32 and int64.
            joined = pl.concat(frames, how="vertical_relaxed").with_row_index(ROW, offset=1)
            if self.left_out is not None:
                joined = joined.filter(~pl.col(ROW).is_in(self.left_out.implode()))
            frame = joined.collect(engine="streaming")
        except (PolarsError, OSError) as error:
            raise self._explain(str(error)) from error
        return self._with_rows(frame)

    def without(self, rows: pl.Series) -> "Table":
        """Return the table without some rows, for `pick`.

        Args:
            rows: (k,) numbers of rows as `pick` gives them.
        """
        return replace(self, left_out=rows) if len(rows) else self

    def scan(self, columns: Iterable[str]) -> pl.LazyFrame:
        """Open some columns without reading them.

        Args:
            columns: names in the file.

        Returns:
            (n,) rows in the order of `pick`.

        Raises:
            Unusable: a column is missing.
        """
        names = list(columns)
        self._require(names)
        return pl.concat([part.frame.select(names) for part in self.parts], how="vertical_relaxed")

    def rows(self, numbers: pl.Series) -> pl.DataFrame:
        """Read some rows as they stand in the files, every column.

        Args:
            numbers: (k,) row numbers as `pick` gives them, ascending.

        Returns:
            (k,) rows; a column that a part lacks is null there.
        """
        joined = pl.concat([part.frame for part in self.parts], how="diagonal_relaxed")
        # The number gets a name that no file can take: names of files have no line breaks.
        numbered = joined.with_row_index("\n", offset=1)
        wanted = numbered.filter(pl.col("\n").is_in(numbers.implode()))
        return wanted.drop("\n").collect(engine="streaming")

    def head(self, n: int) -> pl.DataFrame:
        """Read the first rows of the first part, every column.

        Args:
            n: rows at most.

        Returns:
            At least one row.

        Raises:
            Unusable: the file has no row or cannot be read.
        """
        try:
            frame = self.parts[0].frame.head(n).collect()
        except (PolarsError, OSError) as error:
            raise self._explain(str(error)) from error
        return self._with_rows(frame)

    def swallowed_rows(self) -> list[Finding]:
        """Find rows of text files that a stray quote took into a cell.

        Returns:
            A finding for each file with such rows.
        """
        findings = []
        for part in self.parts:
            if part.path is None or part.header is None:
                continue
            cells, n_lines = swallowing_cells(part.path, part.header)
            n_rows = sum(cell.n_rows for cell in cells)
            if cells:
                message = f"{n_rows} of {n_lines} lines of {part.name} are inside cells: "
                message += cells[0].text()
                examples = [{"opens": cell.opens, "closes": cell.closes} for cell in cells]
                finding = SWALLOWED.finding(self.subject, n_rows, message, examples, total=n_lines)
                findings.append(finding)
        return findings

    def _require(self, columns: Iterable[str]) -> None:
        names = list(columns)
        for part in self.parts:
            require_columns(part, names, self.subject)

    def _with_rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        if frame.is_empty():
            raise EMPTY.stop(self.subject, f"{self.parts[0].name} has no rows")
        return frame

    def _explain(self, parser_error: str) -> Unusable:
        """Look for the part that cannot be read, and for the reason."""
        for part in self.parts:
            try:
                part.frame.select(pl.all().null_count()).collect(engine="streaming")
            except (PolarsError, OSError) as error:
                if part.path is not None and part.header is not None:
                    return diagnose(part.path, self.subject, str(error), part.header.has_names)
                message = f"{part.name} cannot be read: {first_line(error)}"
                return UNREADABLE.stop(self.subject, message)
        # Every part can be read by itself.
        reason = parser_error.splitlines()[0]
        return UNREADABLE.stop(self.subject, f"its files do not fit together: {reason}")


def open_table(
    subject: str, source: Source, base: Path, read_sql: ReadSql | None, has_names: bool = True
) -> Table:
    """Open a source of rows without reading them.

    Args:
        subject: word for what the table holds, in findings.
        source: file, folder, glob or query.
        base: folder at which relative paths start.
        read_sql: runs a query; None where none can be run.
        has_names: False for text files whose first line is a row already.

    Returns:
        The table, with the columns of its parts known.

    Raises:
        Unusable: there is no such file, its header cannot be read, the query fails, or columns that
            have names are given by position.
        Temporary: the query may work later.
    """
    if isinstance(source, SqlInput):
        require_names(subject, "a query", has_names)
        return Table(subject, [_query_part(subject, source, read_sql)])
    files = find_files(subject, source, base)
    kinds = {is_text_file(path) for path in files}
    if len(kinds) > 1:
        message = f"{source!r} holds both CSV and Parquet files"
        raise MIXED_FILES.stop(subject, message, count=len(files))
    open_part = text_part if kinds == {True} else parquet_part
    return Table(subject, [open_part(path, subject, has_names) for path in files])


def _query_part(subject: str, source: SqlInput, read_sql: ReadSql | None) -> Part:
    if read_sql is None:
        message = "no way to run queries was given; pass `read_sql`, or give a file"
        raise SQL_FAILED.stop(subject, message)
    try:
        frame = read_sql(source.url, source.query)
    except (ConfigError, DataError) as error:  # Temporary passes: the same query may work later
        raise SQL_FAILED.stop(subject, f"the query failed: {str(error).rstrip('.')}") from error
    name = f"the frame of {source.query}" if source.url == FRAME else "the query"
    return Part(name, None, frame.columns, frame.lazy())


def _is_text_like(dtype: pl.DataType) -> bool:
    """Whether `id_text` can tell each id from the text of its cell."""
    return dtype.is_integer() or isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _is_blank(part: Part) -> pl.Expr:
    if part.header is None:
        return pl.lit(False)
    return pl.all_horizontal(pl.col(part.columns).is_null())
