"""Taking people out of SQL: their rows in every run, and their ids in what was written about runs."""

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Engine, Table, Text, delete, select, update

from storage.database.engine import writing
from storage.runs.partitions import finish_removals
from storage.schema.tables import metadata, run

WRITTEN = ("message", "reason", "why")
"""Columns of sentences, which may name a person."""
BATCH = 1000
"""People in one statement: databases limit how many parameters it takes."""


def forget_rows(engine: Engine, people: Collection[str]) -> tuple[dict[str, int], set[str]]:
    """Delete the rows of some users in every table with a `user_id`; run by run, each in one transaction.

    Removals of lists that were cut off are finished at the end, since a detached partition is
    reached by no table. Raises Temporary where a reader is in the way.

    Returns:
        The number of rows by table, and those of `people` who had any.

    """
    owned = [table for table in metadata.sorted_tables if "user_id" in table.c]
    counts, found = dict.fromkeys((table.name for table in owned), 0), set()
    with engine.connect() as connection:
        numbers = list(connection.execute(select(run.c.run_no).order_by(run.c.run_no)).scalars())
    for number in (None, *numbers):
        with writing(engine) as connection:
            for table in owned:
                if ("run_no" in table.c) == (number is not None):
                    had, count = _delete(connection, table, number, people)
                    found |= had
                    counts[table.name] += count
    finish_removals(engine)
    return counts, found


def _delete(
    connection: Connection, table: Table, number: int | None, people: Collection[str]
) -> tuple[set[str], int]:
    found, count = set(), 0
    for some in _batches(people):
        theirs: ColumnElement[bool] = table.c.user_id.in_(some)
        if number is not None:
            theirs = (table.c.run_no == number) & theirs  # the key begins with run_no
        had = set(connection.execute(select(table.c.user_id).where(theirs).distinct()).scalars())
        if had:
            found |= had
            count += connection.execute(delete(table).where(theirs)).rowcount
    return found, count


def _batches(people: Collection[str]) -> Iterator[list[str]]:
    everyone = sorted(people)
    return (everyone[at : at + BATCH] for at in range(0, len(everyone), BATCH))


def amend_texts(
    engine: Engine, of_text: Callable[[str], str], of_json: Callable[[Any], Any]
) -> int:
    """Pass every sentence and every JSON document through functions that take ids out; gives how many changed."""
    changed = 0
    for table in metadata.sorted_tables:
        if "user_id" in table.c and "run_no" in table.c:
            continue  # bulk tables hold nothing about others than their user
        for column in table.c:
            if isinstance(column.type, JSON) or (
                isinstance(column.type, Text) and column.name in WRITTEN
            ):
                changed += _amend(
                    engine, column, of_json if isinstance(column.type, JSON) else of_text
                )
    return changed


def _amend(engine: Engine, column: Any, function: Callable[[Any], Any]) -> int:
    key, changed = list(column.table.primary_key), 0
    with engine.connect() as connection:
        keys = connection.execute(select(*key).where(column.is_not(None))).all()
    for one in keys:
        row = [part == value for part, value in zip(key, one, strict=True)]
        with engine.connect() as connection:
            before = connection.execute(select(column).where(*row)).scalar()
        after = None if before is None else function(before)
        if after != before:
            with writing(engine) as connection:
                connection.execute(update(column.table).where(*row).values({column.name: after}))
            changed += 1
    return changed


def amend_manifest(engine: Engine, run_id: str, manifest: dict[str, Any]) -> None:
    """Let the copy of a run's manifest in SQL be that of its folder, where the run is in this database.

    What only SQL holds, such as refusals to publish, stays.
    """
    with writing(engine) as connection:
        copy = select(run.c.manifest).where(run.c.run_id == run_id).with_for_update(key_share=True)
        stored = connection.execute(copy).scalar()
        if stored is not None and stored != (whole := {**stored, **manifest}):
            connection.execute(update(run).where(run.c.run_id == run_id).values(manifest=whole))


def vacuum(engine: Engine) -> bool:
    """Rewrite an SQLite file, in whose free pages deleted rows would stay readable; gives whether all of it was.

    False while a reader holds old pages, and where the disk has no room for a second file of that
    size. True on PostgreSQL, which clears deleted rows by itself.
    """
    if engine.dialect.name != "sqlite":
        return True
    with contextlib.closing(engine.raw_connection()) as connection:  # VACUUM runs in no transaction
        try:
            connection.cursor().execute("VACUUM")
            (held, _, _) = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
    return not held
