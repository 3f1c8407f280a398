"""The state of a database: its revision, what is missing or foreign, rows that cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, URL, Column, Engine, Row, Table, select, text

from storage.connect import require_file
from storage.database.engine import make_engine, revision
from storage.database.errors import DamagedDatabase, NoDatabase
from storage.database.settings import StorageSettings
from storage.database.urls import masked, storage_url
from storage.schema.inspection import Relations, read_relations
from storage.schema.metadata import metadata
from storage.schema.tables import HEAD, run, slot, slot_move
from storage.schema.types import UtcTime
from storage.slots.history import require_history

SHOWN = 100
"""Bad rows that are named; a table full of them needs no longer list."""


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, or points at a run that is not there.

    Attributes:
        table: its table.
        row: its key, such as `run_no = 3`.
        problem: a sentence.
    """

    table: str
    row: str
    problem: str


@dataclass(frozen=True)
class DatabaseStatus:
    """The state of the database of a configuration.

    Attributes:
        url: of the database, without passwords.
        schema: that `[storage] schema` names; None for none.
        revision: of the tables; None where there are none, or where nothing says it.
        code_revision: that this version of fusion needs.
        missing: tables, columns and views of fusion that are gone; empty at an older revision.
        foreign: tables and views beside fusion's.
        bad_rows: the first hundred of them.
        bytes: size of the SQLite file with its log, or of fusion's tables; None without any.
    """

    url: str
    schema: str | None
    revision: str | None
    code_revision: str
    missing: tuple[str, ...]
    foreign: tuple[str, ...]
    bad_rows: tuple[BadRow, ...]
    bytes: int | None

    @property
    def is_damaged(self) -> bool:
        """True where something is gone or cannot be read."""
        return bool(self.missing or self.bad_rows)

    @property
    def is_older(self) -> bool:
        """True where the tables are those of an earlier version of fusion."""
        # Other programs, too, number their revisions with Alembic, mostly in hex digits.
        is_number = self.revision is not None and self.revision.isdigit()
        return is_number and str(self.revision) < self.code_revision

    @property
    def needs_care(self) -> bool:
        """True where verbs refuse the database until somebody does something.

        They make one that is not there yet.
        """
        return self.is_damaged or self.revision not in (None, self.code_revision)


def database_status(settings: StorageSettings) -> DatabaseStatus:
    """Look at a database without changing or making anything.

    Args:
        settings: `[storage]` of a configuration.

    Returns:
        Its state; one without a revision where there is none yet.

    Raises:
        ConfigError: another kind of database, no such PostgreSQL database, no rights.
        DamagedDatabase: the database cannot be read at all.
        Temporary: it is away or busy.
    """
    place = storage_url(settings.url, settings.schema_name)
    shown = masked(place)
    try:
        require_file(place)
    except NoDatabase:
        return DatabaseStatus(shown, settings.schema_name, None, HEAD, (), (), (), None)
    engine = make_engine(
        place,
        read_only=True,
        tidy=True,
        schema=settings.schema_name,
        limits=settings.limits,
    )
    try:
        current = revision(engine)
        relations = read_relations(engine)
        is_newest = current == HEAD
        # Without a revision, what is there is all that is left, and the rest is missing.
        lost_revision = current is None and bool(relations.ours)
        missing = relations.missing if is_newest or lost_revision else []
        if lost_revision:
            missing = ["the revision in alembic_version", *missing]
        bad = _bad_rows(engine, relations) if is_newest else iter(())
        return DatabaseStatus(
            shown,
            settings.schema_name,
            current,
            HEAD,
            tuple(missing),
            tuple(relations.foreign),
            tuple(row for row, _ in zip(bad, range(SHOWN), strict=False)),
            _size(engine, place, relations),
        )
    finally:
        engine.dispose()


def _bad_rows(engine: Engine, relations: Relations) -> Iterator[BadRow]:
    """Yield rows that cannot be read or point at nothing, in tables that have all their columns."""
    whole = []
    for table in metadata.sorted_tables:
        columns = {column.name for column in table.c}
        if columns <= relations.tables.get(table.name, frozenset()):
            whole.append(table)
    for table in whole:
        yield from _unreadable(engine, table)
    if run not in whole:
        return
    for table in whole:
        for key in table.foreign_keys:
            yield from _dangling(engine, key.parent)
    if slot in whole and slot_move in whole:
        yield from _lost_slots(engine)


def _unreadable(engine: Engine, table: Table) -> Iterator[BadRow]:
    """Read every row that holds times or JSON; name those that cannot be read."""
    columns = [column for column in table.c if isinstance(column.type, UtcTime | JSON)]
    if not columns or _can_be_read(engine, select(*columns)):
        return
    key = list(table.primary_key)
    with engine.connect() as connection:
        rows = connection.execute(select(*key).order_by(*key)).all()
    for row in rows:
        this_row = [column == value for column, value in zip(key, row, strict=True)]
        for column in columns:
            try:
                _read(engine, select(column).where(*this_row))
            except DamagedDatabase as wrong:
                yield BadRow(table.name, _name(key, row), f"{column.name} {_problem(wrong)}")


def _problem(wrong: DamagedDatabase) -> str:
    """Return the part of a message that says what a column holds: not where, nor the cure."""
    what = str(wrong).partition(" holds ")[2]
    return f"holds {what.partition('. `fusion')[0]}"


def _can_be_read(engine: Engine, statement: Any) -> bool:
    try:
        _read(engine, statement)
    except DamagedDatabase:
        return False
    return True


def _read(engine: Engine, statement: Any) -> None:
    with engine.connect() as connection:
        for _ in connection.execute(statement):
            pass


def _dangling(engine: Engine, column: Column[Any]) -> Iterator[BadRow]:
    """Name the runs that a column points at and that have no row."""
    there = select(run.c.run_no).where(run.c.run_no == column).exists()
    if column.table is run:
        other = run.alias()
        there = select(other.c.run_no).where(other.c.run_no == column).exists()
    statement = select(column).where(column.is_not(None), ~there).distinct().order_by(column)
    with engine.connect() as connection:
        numbers = connection.execute(statement).scalars().all()
    for number in numbers:
        yield BadRow(
            column.table.name, f"{column.name} = {number}", "points at a run that has no row"
        )


def _lost_slots(engine: Engine) -> Iterator[BadRow]:
    """Name slots that show no run, though their history ends at one."""
    columns = slot_move.c.placement, slot_move.c.name
    places = select(*columns).distinct().order_by(*columns)
    with engine.connect() as connection:
        for placement, name in connection.execute(places).all():
            of_slot = (slot.c.placement == placement) & (slot.c.name == name)
            shown = select(slot.c.run_no).join(run, run.c.run_no == slot.c.run_no).where(of_slot)
            if connection.execute(shown).scalar() is not None:
                continue
            try:
                require_history(connection, placement, name)
            except DamagedDatabase as wrong:
                row = f"placement = {placement!r}, name = {name!r}"
                yield BadRow("slot", row, str(wrong))


def _name(key: list[Column[Any]], row: Row[Any]) -> str:
    parts = [f"{column.name} = {value!r}" for column, value in zip(key, row, strict=True)]
    return ", ".join(parts)


def _size(engine: Engine, place: URL, relations: Relations) -> int | None:
    """Return the bytes of a database: its files, or its tables with their indexes."""
    if engine.dialect.name == "sqlite":
        files = [Path(f"{place.database}{ending}") for ending in ("", "-wal")]
        return sum(each.stat().st_size for each in files if each.exists())
    if not relations.ours:
        return None
    # Of all in the schema but what is foreign: lists of runs are tables of their own.
    statement = text(
        "SELECT COALESCE(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c "
        "WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) "
        "AND c.relkind = 'r' AND c.relname <> ALL(:foreign)"
    )
    with engine.connect() as connection:
        size = connection.scalar(statement, {"foreign": relations.foreign})
    return int(size or 0)
