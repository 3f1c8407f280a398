"""Take people out of SQL: their rows in every run, and their ids in texts written about runs."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Table,
    Text,
    delete,
    select,
    update,
)

from storage.database.engine import writing
from storage.runs.partitions import finish_removals
from storage.schema.metadata import metadata
from storage.schema.tables import run
from storage.schema.types import MaskedText

SENTENCES = ("message", "reason", "why")
"""Columns of sentences, which may name a person."""
SUMS = "tables"
"""Key of a manifest in SQL: rows and checksums of the lists as they were loaded."""
BATCH = 1000
"""People in one statement: databases limit how many parameters it takes."""


def forget_rows(engine: Engine, people: Collection[str]) -> tuple[dict[str, int], set[str]]:
    """Delete the rows of some users in every table with a `user_id`.

    Run by run, each in one transaction, so that none is long. A run that loses rows loses the
    checksums of its lists with them. Removals of lists that were cut off are finished at the end,
    since a detached partition is reached by no table.

    Args:
        engine: from `connect`.
        people: outside ids of users.

    Returns:
        The number of deleted rows by table, and those of `people` who had any.

    Raises:
        Temporary: a reader is in the way of a removal.
    """
    tables = [table for table in metadata.sorted_tables if "user_id" in table.c]
    of_no_run = [table for table in tables if "run_no" not in table.c]
    of_runs = [table for table in tables if "run_no" in table.c]
    counts = Counter({table.name: 0 for table in tables})
    present: set[str] = set()
    with engine.connect() as connection:
        numbers = list(connection.execute(select(run.c.run_no).order_by(run.c.run_no)).scalars())
    # First the tables that belong to no run, as a step of their own.
    for number in (None, *numbers):
        with writing(engine) as connection:
            before = counts.total()
            for table in of_no_run if number is None else of_runs:
                users, count = _delete(connection, table, number, people)
                present |= users
                counts[table.name] += count
            if number is not None and counts.total() != before:
                _drop_sums(connection, number)
    finish_removals(engine)
    return dict(counts), present


def amend_texts(
    engine: Engine, of_text: Callable[[str], str], of_json: Callable[[Any], Any]
) -> int:
    """Pass every sentence and every JSON document through functions that take ids out.

    Args:
        engine: from `connect`.
        of_text: returns a sentence without the ids.
        of_json: returns a document without the ids.

    Returns:
        How many sentences and documents changed.
    """
    changed = 0
    for column in amendable():
        is_document = isinstance(column.type, JSON)
        changed += _amend(engine, column, of_json if is_document else of_text)
    return changed


def amendable() -> Iterator[Column[Any]]:
    """Iterate over the columns of sentences and JSON documents, which may name anybody.

    Bulk tables are left out: they hold nothing about others than their user.

    Yields:
        Each column.
    """
    for table in metadata.sorted_tables:
        if "user_id" in table.c and "run_no" in table.c:
            continue
        for column in table.c:
            is_sentence = isinstance(column.type, Text | MaskedText) and column.name in SENTENCES
            if is_sentence or isinstance(column.type, JSON):
                yield column


def amend_manifest(
    engine: Engine, run_id: str, manifest: dict[str, Any], sums: Callable[[], dict[str, Any]]
) -> None:
    """Make the copy of a run's manifest in SQL that of its folder.

    What only SQL holds, such as refusals to publish, stays. A run that is not in this database is
    passed over.

    Args:
        engine: from `connect`.
        run_id: outside name of the run.
        manifest: of its folder.
        sums: gives rows and checksums of the lists in its folder; asked where SQL has none;
            none where they cannot be read.
    """
    this_run = run.c.run_id == run_id
    with writing(engine) as connection:
        locked = select(run.c.manifest).where(this_run).with_for_update(key_share=True)
        stored = connection.execute(locked).scalar()
        if stored is None:
            return
        whole = {**stored, **manifest}
        renewed = {} if SUMS in whole else sums()
        if renewed:
            whole[SUMS] = renewed
        if stored != whole:
            connection.execute(update(run).where(this_run).values(manifest=whole))


def vacuum(engine: Engine) -> bool:
    """Rewrite an SQLite file, in whose free pages deleted rows would stay readable.

    Args:
        engine: from `connect`.

    Returns:
        Whether all of it was rewritten: False while a reader holds old pages, and where the disk
        has no room for a second file of that size. True on PostgreSQL, which clears deleted rows by
        itself.
    """
    if engine.dialect.name != "sqlite":
        return True
    # The driver's own connection: VACUUM runs in no transaction.
    with contextlib.closing(engine.raw_connection()) as connection:
        try:
            connection.cursor().execute("VACUUM")
            checkpoint = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (was_blocked, _, _) = checkpoint.fetchone()
        except sqlite3.OperationalError:
            return False
    return not was_blocked


def _drop_sums(connection: Connection, run_no: int) -> None:
    """Take the checksums of lists that just changed out of a run's manifest."""
    this_run = run.c.run_no == run_no
    stored = connection.execute(select(run.c.manifest).where(this_run)).scalar()
    if stored and SUMS in stored:
        kept = {key: value for key, value in stored.items() if key != SUMS}
        connection.execute(update(run).where(this_run).values(manifest=kept))


def _delete(
    connection: Connection, table: Table, run_no: int | None, people: Collection[str]
) -> tuple[set[str], int]:
    """Delete people's rows of one run, or of a table without runs; return who had how many."""
    users: set[str] = set()
    count = 0
    for batch in _batches(people):
        theirs: ColumnElement[bool] = table.c.user_id.in_(batch)
        if run_no is not None:
            theirs = (table.c.run_no == run_no) & theirs  # the key begins with run_no
        statement = select(table.c.user_id).where(theirs).distinct()
        present = set(connection.execute(statement).scalars())
        if present:
            users |= present
            count += connection.execute(delete(table).where(theirs)).rowcount
    return users, count


def _batches(people: Collection[str]) -> Iterator[list[str]]:
    everyone = sorted(people)
    for start in range(0, len(everyone), BATCH):
        yield everyone[start : start + BATCH]


def _amend(engine: Engine, column: Column[Any], function: Callable[[Any], Any]) -> int:
    """Pass every value of a column through a function; return how many changed."""
    primary_key = list(column.table.primary_key)
    with engine.connect() as connection:
        keys = connection.execute(select(*primary_key).where(column.is_not(None))).all()
    return sum(_amend_row(engine, column, key, function) for key in keys)


def _amend_row(
    engine: Engine, column: Column[Any], key: Row[Any], function: Callable[[Any], Any]
) -> bool:
    """Pass one value through a function, in a transaction of its own; tell if it changed."""
    primary_key = column.table.primary_key
    this_row = [part == value for part, value in zip(primary_key, key, strict=True)]
    with engine.connect() as connection:
        before = connection.execute(select(column).where(*this_row)).scalar()
    after = None if before is None else function(before)
    if after == before:
        return False
    with writing(engine) as connection:
        connection.execute(update(column.table).where(*this_row).values({column.name: after}))
    return True
