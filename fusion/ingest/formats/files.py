"""Tables from CSV and Parquet files and SQL queries, of which only the columns in use are read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from fusion.core.findings import Finding, FindingKind, Unusable, declare
from fusion.errors import ConfigError, DataError
from fusion.ingest.formats.delimited import EMPTY, UNREADABLE, read_header
from fusion.ingest.formats.diagnosis import diagnose
from fusion.ingest.formats.file_search import MIXED_FILES, find_files, is_text_file
from fusion.ingest.formats.parts import Part, first_line, parquet_part, text_part
from fusion.ingest.formats.quotes import SWALLOWED, swallowing_cells
from fusion.ingest.settings import Source, SqlInput

ReadSql = Callable[[str, str], pl.DataFrame]
"""Runs a query (second) in the database at an address (first).

Raises ConfigError or DataError where the query can never work, Temporary where it may later.
"""
FRAME = "frame"
"""Address of a table that a Python caller hands over in memory; its query is the table's name."""
ROW = "row"
BLANK = "blank"
"""Columns that `Table.pick` adds."""
SHOWN_COLUMNS = 20
"""Columns of a file that are listed where one is missing."""
NEAR = 0.5
"""Names this similar (0 to 1) are offered; below difflib's 0.6, so that "id" finds "itemId"."""

MISSING_COLUMN = declare(
    FindingKind(
        code="missing_column",
        severity="error",
        what="a column the configuration names and the file has not",
        happens="nothing is read",
        cure="Correct the name in [data], or in the settings of a frame; "
        "`fusion init FILE --config guessed.toml` guesses columns.",
    )
)
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
    """

    subject: str
    parts: list[Part]

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the first part."""
        return self.parts[0].columns

    def pick(self, columns: Mapping[str, str]) -> pl.DataFrame:
        """Read some columns.

        Args:
            columns: name here -> name in the file.

        Returns:
            (n,) rows with these columns, text where the file is text, and `row` (uint32, from 1
            without headers) and `blank` (Boolean: an empty row of a text file).

        Raises:
            Unusable: a column is missing, a file cannot be read or there is no row.
        """
        for part in self.parts:
            _require(part, columns.values(), self.subject)
        renamed = [pl.col(column).alias(name) for name, column in columns.items()]
        # Naming every column in `blank` also makes the parser look at whole rows: it reports ragged
        # ones only then.
        frames = [part.frame.select(*renamed, _is_blank(part).alias(BLANK)) for part in self.parts]
        try:
            # Relaxed: exports of different days may write ids as int32 and int64.
            joined = pl.concat(frames, how="vertical_relaxed").with_row_index(ROW, offset=1)
            frame = joined.collect(engine="streaming")
        except (PolarsError, OSError) as error:
            raise self._explain(str(error)) from error
        return self._with_rows(frame)

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
            if part.path is None or not is_text_file(part.path):
                continue
            cells, n_lines = swallowing_cells(part.path, read_header(part.path, self.subject))
            n_rows = sum(cell.n_rows for cell in cells)
            if cells:
                message = f"{n_rows} of {n_lines} lines of {part.name} are inside cells: "
                message += cells[0].text()
                examples = [{"opens": cell.opens, "closes": cell.closes} for cell in cells]
                finding = SWALLOWED.finding(self.subject, n_rows, message, examples, total=n_lines)
                findings.append(finding)
        return findings

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
                if part.path is not None and is_text_file(part.path):
                    return diagnose(part.path, self.subject, str(error))
                message = f"{part.name} cannot be read: {first_line(error)}"
                return UNREADABLE.stop(self.subject, message)
        # Every part can be read by itself.
        reason = parser_error.splitlines()[0]
        return UNREADABLE.stop(self.subject, f"its files do not fit together: {reason}")


def open_table(subject: str, source: Source, base: Path, read_sql: ReadSql | None) -> Table:
    """Open a source of rows without reading them.

    Args:
        subject: word for what the table holds, in findings.
        source: file, folder, glob or query.
        base: folder at which relative paths start.
        read_sql: runs a query; None where none can be run.

    Returns:
        The table, with the columns of its parts known.

    Raises:
        Unusable: there is no such file, its header cannot be read, or the query fails.
        Temporary: the query may work later.
    """
    if isinstance(source, SqlInput):
        return Table(subject, [_query_part(subject, source, read_sql)])
    files = find_files(subject, source, base)
    kinds = {is_text_file(path) for path in files}
    if len(kinds) > 1:
        message = f"{source!r} holds both CSV and Parquet files"
        raise MIXED_FILES.stop(subject, message, count=len(files))
    open_part = text_part if kinds == {True} else parquet_part
    return Table(subject, [open_part(path, subject) for path in files])


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


def _is_blank(part: Part) -> pl.Expr:
    if part.path is None or not is_text_file(part.path):
        return pl.lit(False)
    return pl.all_horizontal(pl.col(part.columns).is_null())


def _require(part: Part, names: Iterable[str], subject: str) -> None:
    """Raise Unusable, naming the nearest columns, where a part lacks one."""
    missing = [name for name in names if name not in part.columns]
    if not missing:
        return
    with_nearest = ", ".join(_with_nearest(name, part.columns) for name in missing)
    known = ", ".join(map(repr, part.columns[:SHOWN_COLUMNS]))
    message = f"{part.name} has no column {with_nearest}; it has {known}"
    if any(_looks_like_number(name) for name in part.columns):
        message += "; its first line looks like data: it needs a header line"
    raise MISSING_COLUMN.stop(subject, message, count=len(missing))


def _with_nearest(name: str, columns: Iterable[str]) -> str:
    """Quote a missing name, with the column whose name is nearest."""
    by_lower = {column.lower(): column for column in columns}
    nearest = get_close_matches(name.strip().lower(), list(by_lower), n=1, cutoff=NEAR)
    return f"{name!r} (nearest: {by_lower[nearest[0]]!r})" if nearest else repr(name)


def _looks_like_number(name: str) -> bool:
    return name.strip().replace(".", "", 1).isdigit()
