"""Connections to an SQLite file of somebody else that can read, and nothing else."""

import sqlite3
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

_READING = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
"""Actions of a statement that only reads (sqlite.org/c3ref/c_alter_table.html)."""


def allow_select_only(engine: Engine) -> None:
    """Let the connections of an SQLite engine prepare statements that read, and no others.

    `mode=ro` protects the file that is open; `attach` and `vacuum into` would write other files,
    and a pragma would change how this one is read.

    Args:
        engine: of an SQLite file; connections that it has made already stay as they are.
    """
    event.listen(engine, "connect", _restrict)


def _restrict(connection: Any, record: ConnectionPoolEntry) -> None:
    connection.set_authorizer(_authorize)


def _authorize(
    action: int, first: str | None, second: str | None, database: str | None, within: str | None
) -> int:
    """Answer SQLite, which asks this for each action of a statement that it prepares."""
    if action in _READING:
        return sqlite3.SQLITE_OK
    # Asked for table-valued functions such as json_each, whose columns SQLite declares like those
    # of a table. A statement that means it fails all the same: this table may not be modified.
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
