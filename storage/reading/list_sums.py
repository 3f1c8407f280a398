"""Checksums of a run's lists as they lie in SQL, by which a changed cell or row is noticed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Column, ColumnElement, Connection, Engine, Table, Text, cast, collate, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import REAL, Double, Integer

from storage.reading.row_frames import CHUNK, DType, typed_chunk
from storage.runs.erasure import SUMS
from storage.runs.retention import ENDED
from storage.schema.tables import fallback, recommendation, run, served_user

SUMMED: dict[str, Table] = {table.name: table for table in (recommendation, served_user, fallback)}
"""Tables with checksums: all that the views of lists show."""
DIGITS = 16
"""Hex digits of a column's checksum: 64 bits, which no accident meets."""
NULL_LENGTH = 2**32 - 1
"""Length that stands for a null: longer than any text that SQL takes."""

TableJson = dict[str, Any]
"""`rows`, and `columns` with the checksum of each by its name."""


class TableSum:
    """Number of rows and a checksum of each column, however the rows are cut into frames.

    Of each column the values and what keeps them apart (lengths of texts, nulls) run through
    SHA-256. Numbers count as 64 bits, which hold those of 32 exactly, so that both databases give
    the same sums. Rows have to come in the order of the table's key, texts byte by byte.
    """

    def __init__(self, name: str) -> None:
        """Begin without rows.

        Args:
            name: of a table in `SUMMED`.
        """
        self.rows = 0
        self.schema = _schema(SUMMED[name])
        self._values = {column: sha256() for column in self.schema}
        self._borders = {column: sha256() for column in self.schema}

    def add(self, frame: pl.DataFrame) -> None:
        """Count the next rows in.

        Args:
            frame: with the columns of the table but `run_no`, and perhaps others.
        """
        self.rows += len(frame)
        for name, dtype in self.schema.items():
            values, borders = _bytes_of(frame[name].cast(dtype))
            self._values[name].update(values)
            self._borders[name].update(borders)

    def passing(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield frames unchanged, each counted in as it passes.

        Args:
            frames: as for `add`.
        """
        for frame in frames:
            self.add(frame)
            yield frame

    def as_json(self) -> TableJson:
        """Return the sum as the manifest has it."""
        columns = {}
        for name, values in self._values.items():
            both = sha256(values.digest() + self._borders[name].digest())
            columns[name] = both.hexdigest()[:DIGITS]
        return {"rows": self.rows, "columns": columns}


@dataclass(frozen=True)
class ChangedLists:
    """A run whose lists in SQL are not those that were loaded.

    Attributes:
        run_id: outside name.
        placement: where its lists are shown.
        damage: what differs, beginning with the name of the table.
    """

    run_id: str
    placement: str
    damage: str


def changed_lists(engine: Engine) -> Iterator[ChangedLists]:
    """Compare the lists of every retained run with the checksums in its manifest.

    Args:
        engine: from `connect`.

    Yields:
        The runs that differ, oldest first; those of releases without checksums never do.
    """
    retained = select(run.c.run_no, run.c.run_id, run.c.placement).where(run.c.status.in_(ENDED))
    with engine.connect() as connection:
        rows = connection.execute(retained.order_by(run.c.run_no)).all()
    for row in rows:
        sums = _expected(engine, row.run_no)
        damage = _damage(engine, row.run_no, sums)
        # A prune or an erasure may have changed both while they were read.
        if damage and _expected(engine, row.run_no) == sums:
            yield ChangedLists(row.run_id, row.placement, damage)


def changes_in_lists(engine: Engine, run_no: int) -> str:
    """Return how the lists of a run in SQL differ from those that were loaded; empty where not.

    Args:
        engine: from `connect`.
        run_no: the run.
    """
    return _damage(engine, run_no, _expected(engine, run_no))


def _expected(engine: Engine, run_no: int) -> Mapping[str, TableJson]:
    """Return the sums that a run was loaded with; none where it is not retained any more."""
    this_run = (run.c.run_no == run_no) & run.c.status.in_(ENDED)
    with engine.connect() as connection:
        manifest = connection.execute(select(run.c.manifest).where(this_run)).scalar()
    sums: Mapping[str, TableJson] = (manifest or {}).get(SUMS, {})
    return sums


def _damage(engine: Engine, run_no: int, sums: Mapping[str, TableJson]) -> str:
    for name, expected in sums.items():
        try:
            with engine.connect() as connection:
                stored = _stored(connection, name, run_no)
        except DBAPIError as unreadable:  # such as a text that is no UTF-8 any more
            return f"table {name} cannot be read ({unreadable.orig})"
        if stored != expected:
            return f"table {name} {_difference(stored, expected)}"
    return ""


def _difference(stored: TableJson, expected: TableJson) -> str:
    if stored["rows"] != expected["rows"]:
        return f"has {stored['rows']} rows instead of {expected['rows']}"
    changed = [
        name for name, column in stored["columns"].items() if column != expected["columns"][name]
    ]
    return f"does not hold what was loaded, in {', '.join(changed)}"


def _stored(connection: Connection, name: str, run_no: int) -> TableJson:
    """Return the sum of a run's rows as they lie in a table now."""
    table = SUMMED[name]
    is_postgres = connection.dialect.name == "postgresql"
    sums = TableSum(name)
    columns = [_selected(table.c[column], is_postgres) for column in sums.schema]
    key = [_ordered(column, is_postgres) for column in table.primary_key if column.name != "run_no"]
    statement = select(*columns).where(table.c.run_no == run_no).order_by(*key)
    options = {"stream_results": True}
    for rows in connection.execute(statement, execution_options=options).partitions(CHUNK):
        sums.add(typed_chunk(rows, sums.schema))
    return sums.as_json()


def _selected(column: Column[Any], is_postgres: bool) -> ColumnElement[Any]:
    """A column as it is selected: PostgreSQL would write 32 bits as a short decimal number."""
    if is_postgres and isinstance(column.type, REAL):
        return cast(column, Double)
    return column


def _ordered(column: Column[Any], is_postgres: bool) -> ColumnElement[Any]:
    """A column as it orders: byte by byte, as SQLite and Polars order texts."""
    if is_postgres and isinstance(column.type, Text):
        return collate(column, "C")
    return column


def _schema(table: Table) -> dict[str, DType]:
    schema: dict[str, DType] = {}
    for column in table.c:
        if column.name == "run_no":
            continue
        if isinstance(column.type, Text):
            schema[column.name] = pl.String
        else:
            schema[column.name] = pl.Int64 if isinstance(column.type, Integer) else pl.Float64
    return schema


def _bytes_of(column: pl.Series) -> tuple[bytes, bytes]:
    """Return the values of a column, and what keeps them apart, as bytes."""
    if column.dtype == pl.String:
        lengths = column.str.len_bytes().fill_null(NULL_LENGTH)
        text = column.drop_nulls().str.join("").item() if len(column) else ""
        return text.encode(), lengths.to_numpy().astype("<u4").tobytes()
    little_endian = "<i8" if column.dtype == pl.Int64 else "<f8"
    # Plus zero: -0.0 is 0.0 to SQLite.
    values = column.fill_null(0).to_numpy() + np.array(0, little_endian)
    return values.astype(little_endian).tobytes(), column.is_null().to_numpy().tobytes()
