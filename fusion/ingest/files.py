"""Tables from CSV and Parquet files, folders, globs and SQL queries: only the columns that are asked for."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from fusion.core.findings import FindingKind, Unusable, declare
from fusion.errors import ConfigError, DataError
from fusion.ingest.delimited import EMPTY, UNREADABLE, diagnose, read_header
from fusion.ingest.settings import Source, SqlInput

ReadSql = Callable[[str, str], pl.DataFrame]
"""Gives what a query (second) finds in the database at an address (first).

Raises ConfigError or DataError where the query can never work, Temporary where it may later.
"""
PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
"""What is taken from folders; a file named by itself may be called anything."""
RUN, STAGE = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}"), re.compile(r"[0-9a-f]{16}")
"""How folders of runs and of stages are called: what Fusion made is never its data."""
ROW, BLANK = "row", "blank"
"""Columns that `Table.pick` adds: row number from 1 without headers, and whether a text row is empty."""

MISSING_FILE = declare(
    FindingKind(
        "missing_file",
        "error",
        "a file that is not there",
        "nothing is read",
        "Correct the path in [data].",
    )
)
MIXED_FILES = declare(
    FindingKind(
        "mixed_files",
        "error",
        "a folder or glob with both CSV and Parquet, or with neither",
        "nothing is read",
        'Name what to read by a glob, such as "logs/*.parquet".',
    )
)
MISSING_COLUMN = declare(
    FindingKind(
        "missing_column",
        "error",
        "a column the configuration names and the file has not",
        "nothing is read",
        "Correct the name in the configuration; `fusion init FILE` guesses columns.",
    )
)
NO_SQL = declare(
    FindingKind(
        "sql_failed",
        "error",
        "a query that cannot be run",
        "nothing is read",
        "Run the query by hand; check address, password and driver.",
    )
)


@dataclass(frozen=True)
class Part:
    """One file, or the result of one query."""

    name: str
    path: Path | None
    columns: list[str]
    frame: pl.LazyFrame


@dataclass(frozen=True)
class Table:
    """Files read as one table, in the order of their names; `subject` says in findings what they hold."""

    subject: str
    parts: list[Part]

    @property
    def columns(self) -> list[str]:
        """Names in the first part."""
        return self.parts[0].columns

    def pick(self, columns: Mapping[str, str]) -> pl.DataFrame:
        """Read `columns` (name here -> name in the file), and `row` (n,) uint32 and `blank` (n,) bool.

        Cells of text files are text. Raises Unusable: a missing column with the nearest name, an
        unreadable file.
        """
        for part in self.parts:
            require(part, columns.values(), self.subject)
        names = [pl.col(there).alias(here) for here, there in columns.items()]
        # Naming every column in `blank` also makes the parser look at whole rows: it reports ragged
        # ones only then.
        frames = [p.frame.select(*names, _blank(p).alias(BLANK)) for p in self.parts]
        try:
            together = pl.concat(frames, how="vertical_relaxed").with_row_index(ROW, offset=1)
            frame = together.collect(engine="streaming")
        except (PolarsError, OSError) as wrong:
            raise self._explain(str(wrong)) from wrong
        if frame.is_empty():
            raise EMPTY.stop(self.subject, f"{self.parts[0].name} has no rows")
        return frame

    def head(self, n: int) -> pl.DataFrame:
        """Give the first `n` rows, every column. Raises Unusable: nothing there, or not readable."""
        try:
            frame = self.parts[0].frame.head(n).collect()
        except (PolarsError, OSError) as wrong:
            raise self._explain(str(wrong)) from wrong
        if frame.is_empty():
            raise EMPTY.stop(self.subject, f"{self.parts[0].name} has no rows")
        return frame

    def _explain(self, said: str) -> Unusable:
        for part in self.parts:
            try:
                part.frame.select(pl.all().null_count()).collect(engine="streaming")
            except (PolarsError, OSError) as wrong:
                if part.path is not None and _is_text(part.path):
                    return diagnose(part.path, self.subject, str(wrong))
                return UNREADABLE.stop(
                    self.subject, f"{part.name} cannot be read: {str(wrong).splitlines()[0]}"
                )
        return UNREADABLE.stop(
            self.subject, f"its files do not fit together: {said.splitlines()[0]}"
        )


def _blank(part: Part) -> pl.Expr:
    if part.path is None or not _is_text(part.path):
        return pl.lit(False)
    return pl.all_horizontal(pl.col(part.columns).is_null())


def require(part: Part, names: Iterable[str], subject: str) -> None:
    """Raise Unusable, naming the nearest column, where a part lacks one."""
    lacking = [name for name in names if name not in part.columns]
    if not lacking:
        return
    said = []
    for name in lacking:
        lower = {column.lower(): column for column in part.columns}
        near = get_close_matches(name.strip().lower(), list(lower), n=1, cutoff=0.5)
        said.append(f"{name!r}" + (f" (nearest: {lower[near[0]]!r})" if near else ""))
    header = (
        ""
        if not _looks_like_data(part.columns)
        else "; its first line looks like data: it needs a header line"
    )
    known = ", ".join(map(repr, part.columns[:20]))
    message = f"{part.name} has no column {', '.join(said)}; it has {known}{header}"
    raise MISSING_COLUMN.stop(subject, message, count=len(lacking))


def _looks_like_data(columns: Iterable[str]) -> bool:
    return any(name.strip().replace(".", "", 1).isdigit() for name in columns)


def open_table(subject: str, source: Source, base: Path, read_sql: ReadSql | None) -> Table:
    """Open a source without reading it; relative paths start at `base`. Raises Unusable."""
    if isinstance(source, SqlInput):
        return Table(subject, [_query(subject, source, read_sql)])
    files = find_files(subject, source, base)
    kinds = {_is_text(path) for path in files}
    if len(kinds) > 1:
        raise MIXED_FILES.stop(
            subject, f"{source!r} holds both CSV and Parquet files", count=len(files)
        )
    return Table(
        subject,
        [_text_part(p, subject) if _is_text(p) else _parquet_part(p, subject) for p in files],
    )


def _query(subject: str, source: SqlInput, read_sql: ReadSql | None) -> Part:
    if read_sql is None:
        raise NO_SQL.stop(
            subject, "no way to run queries was given; pass `read_sql`, or give a file"
        )
    try:
        frame = read_sql(source.url, source.query)
    except (ConfigError, DataError) as wrong:  # Temporary passes: the same query may work later
        raise NO_SQL.stop(subject, f"the query failed: {wrong}") from wrong
    return Part("the query", None, frame.columns, frame.lazy())


def _text_part(path: Path, subject: str) -> Part:
    header = read_header(path, subject)
    frame = pl.scan_csv(path, separator=header.delimiter, infer_schema=False)
    # The header is taken from our own reading: it is trimmed, and quotes inside a name are as they
    # should be.
    try:
        found = frame.collect_schema().names()
    except (PolarsError, OSError) as wrong:
        raise diagnose(path, subject, str(wrong)) from wrong
    if len(found) != len(header.names):
        raise UNREADABLE.stop(
            subject, f"the header of {path} cannot be read: it has {header.names[:5]}"
        )
    renamed = dict(zip(found, header.names, strict=True))
    return Part(str(path), path, header.names, frame.rename(renamed))


def _parquet_part(path: Path, subject: str) -> Part:
    try:
        frame = pl.scan_parquet(path)
        columns = frame.collect_schema().names()
    except (PolarsError, OSError) as wrong:
        raise UNREADABLE.stop(
            subject, f"{path} is no Parquet file: {str(wrong).splitlines()[0]}"
        ) from wrong
    return Part(str(path), path, columns, frame)


def _is_text(path: Path) -> bool:
    return not path.name.lower().endswith(PARQUET)


def find_files(subject: str, place: str, base: Path) -> list[Path]:
    """Files that `place` (file, folder or glob) names, in the order of their names. Raises Unusable."""
    path = base / _at_home(place)
    if path.is_file():
        return [path]
    if path.is_dir():
        return _in_folder(subject, path)
    if any(mark in place for mark in "*?["):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        try:
            found = sorted(
                p
                for p in anchor.glob(str(path.relative_to(anchor)))
                if p.is_file() and p.name[0] != "."
            )
        except (OSError, ValueError, NotImplementedError) as wrong:
            raise MISSING_FILE.stop(subject, f"{place!r} cannot be searched: {wrong}") from wrong
        if found:
            return found
        raise MISSING_FILE.stop(subject, f"no file matches {place!r} (looked in {base.resolve()})")
    folder = path.parent
    names = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    near = get_close_matches(path.name, names, n=1)
    hint = (
        f"; did you mean {near[0]!r}?"
        if near
        else f"; there is {', '.join(names[:8])}"
        if names
        else ""
    )
    raise MISSING_FILE.stop(subject, f"{path} does not exist{hint}")


def _at_home(place: str) -> Path:
    """A path with `~` read as the home of whoever runs this, and left alone where there is none."""
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def _passed_over(file: Path, folder: Path) -> bool:
    """Whether a file's name or a folder on the way is hidden, or it belongs to a run or to what runs share."""
    if any(part.startswith((".", "_")) for part in file.parts):
        return True
    above = [folder / parent for parent in file.parents if parent.name]
    made = any(RUN.fullmatch(p.name) and (p / "manifest.json").exists() for p in above)
    return made or any(STAGE.fullmatch(p.name) and (p / "inputs.json").exists() for p in above)


def _in_folder(subject: str, folder: Path) -> list[Path]:
    files = (
        p
        for p in sorted(folder.rglob("*"))
        if p.name.lower().endswith(PARQUET + TEXT) and p.is_file()
    )
    found = [p for p in files if not _passed_over(p.relative_to(folder), folder)]
    if not found:
        raise MIXED_FILES.stop(subject, f"{folder} holds no CSV or Parquet file")
    return found
