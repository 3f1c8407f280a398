"""Single files and results of queries, opened but not yet read."""

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError
from pyarrow import ArrowException

from fusion.core.findings import FindingKind, declare
from fusion.core.system_errors import will_pass
from fusion.ingest.formats.delimited import UNREADABLE, Header, read_header
from fusion.ingest.formats.diagnosis import diagnose
from fusion.ingest.formats.endings import require_ending

NOW = pl.Series([0]).cast(pl.Datetime("us"))
"""Any moment, by which zones are tried."""

_CLASS = re.compile(r"\w+(?:Exception|Error): ")
"""A class of the libraries' own errors, in the message of another."""

UNKNOWN_ZONE = declare(
    FindingKind(
        code="unknown_zone",
        severity="error",
        what="a Parquet file with times in a zone that no IANA database has",
        happens="nothing is read",
        cure='Write the times in UTC, or in a zone by name, such as "Europe/Berlin".',
    )
)

POSITIONS = declare(
    FindingKind(
        code="positions_of_names",
        severity="error",
        what="columns by position where all have names: Parquet files and queries",
        happens="nothing is read",
        cure="Name the columns in [data].",
    )
)


@dataclass(frozen=True)
class Part:
    """One file, or the result of one query.

    Attributes:
        name: how messages call it.
        path: the file; None for a query.
        columns: names of its columns.
        frame: its rows, not yet read.
        header: first line of a text file; None for all others.
    """

    name: str
    path: Path | None
    columns: list[str]
    frame: pl.LazyFrame
    header: Header | None = None

    @property
    def dtypes(self) -> pl.Schema:
        """Type of each column."""
        return self.frame.collect_schema()


def text_part(path: Path, subject: str, has_names: bool = True) -> Part:
    """Open a text file.

    Args:
        path: the file.
        subject: word for what the file holds, in findings.
        has_names: False where its first line is a row already.

    Returns:
        The file with the names of its columns; rows are not read yet.

    Raises:
        Unusable: the file is none of text, or its header cannot be read.
    """
    require_ending(path, subject)
    header = read_header(path, subject, has_names)
    # A parser without names takes the width of the first line, which may be a blank one.
    skipped = 0 if has_names else header.n_blank_lines
    # Text stays text: a type inferred from the first rows would change ids, or fail further down.
    frame = pl.scan_csv(
        path,
        separator=header.delimiter,
        infer_schema=False,
        has_header=has_names,
        skip_lines=skipped,
    )
    try:
        parsed_names = frame.collect_schema().names()
    except (PolarsError, OSError) as error:
        raise diagnose(path, subject, str(error), has_names) from error
    if len(parsed_names) != len(header.names):
        message = f"the header of {path} cannot be read: it has {header.names[:5]}"
        raise UNREADABLE.stop(subject, message)
    # Names are taken from our own reading of the header: it is trimmed, and quotes inside a name
    # are as they should be.
    renamed = dict(zip(parsed_names, header.names, strict=True))
    return Part(str(path), path, header.names, frame.rename(renamed), header)


def parquet_part(path: Path, subject: str, has_names: bool = True) -> Part:
    """Open a Parquet file.

    Args:
        path: the file.
        subject: word for what the file holds, in findings.
        has_names: False where columns are given by position, which is refused.

    Returns:
        The file with the names of its columns; rows are not read yet.

    Raises:
        Unusable: the file is no Parquet file, a column of it has an unknown time zone, or columns
            are given by position.
    """
    require_ending(path, subject)
    require_names(subject, str(path), has_names)
    try:
        # First of all: over a zone that it does not know, Polars ends the process, not the read.
        _refuse_unknown_zones(path, subject)
        frame = pl.scan_parquet(path)
        columns = frame.collect_schema().names()
    # Names of columns in a damaged file may be any bytes.
    except (PolarsError, OSError, ArrowException, UnicodeDecodeError) as error:
        if will_pass(error):
            raise
        message = f"{path} is no Parquet file: {first_line(error)}"
        raise UNREADABLE.stop(subject, message) from error
    return Part(str(path), path, columns, frame)


def require_names(subject: str, place: str, has_names: bool) -> None:
    """Refuse columns by position where all columns have names.

    Args:
        subject: word for what the place holds, in findings.
        place: the file or query.
        has_names: False where columns are given by position.

    Raises:
        Unusable: they are.
    """
    if not has_names:
        message = f"columns are given by position, and those of {place} have names"
        raise POSITIONS.stop(subject, message)


def _refuse_unknown_zones(path: Path, subject: str) -> None:
    """Raise Unusable where a column has times in a zone that cannot be read.

    Raises:
        ArrowException: the file is no Parquet file.
    """
    schema = pq.read_schema(path)
    for name, dtype in zip(schema.names, schema.types, strict=True):
        for zone in _zones_in(dtype):
            if not _is_known(zone):
                message = f"column {name!r} of {path} has times in the zone {zone!r}"
                raise UNKNOWN_ZONE.stop(subject, message)


def _zones_in(dtype: pa.DataType) -> list[str]:
    """List the time zones of a type and of the types inside it."""
    if pa.types.is_timestamp(dtype):
        return [dtype.tz] if dtype.tz else []
    inside = [dtype.field(place).type for place in range(dtype.num_fields)]
    zones = []
    for inner in inside:
        zones += _zones_in(inner)
    return zones


def _is_known(zone: str) -> bool:
    try:
        NOW.dt.replace_time_zone(zone)
    except PolarsError:
        return False
    return True


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, without its classes: parsers add pages."""
    line = str(error).partition("\n")[0]
    return _CLASS.sub("", line)
