"""Errors of database drivers in our own error tree, without passwords.

An error becomes `Temporary` when waiting can cure it (locks, a lost or refused connection, a full
disk), `ConfigError` when only another configuration can (no such database, no rights, no database
file). Everything else stays what it is: a violated key is for the caller to explain, an unknown
column is a bug.
"""

import sqlite3

from sqlalchemy import URL
from sqlalchemy.engine import ExceptionContext

from fusion.errors import ConfigError, FusionError, Temporary
from storage.database.urls import masked

STORAGE_URL = "[storage] url"
"""Where the configuration names the database of lists."""
_PRIMARY_CODE = 0xFF
"""Mask of SQLite's primary result code; the bits above only refine it (sqlite.org/rescode.html)."""

_SQLITE_TEMPORARY = {
    sqlite3.SQLITE_BUSY: "another process writes to it",
    sqlite3.SQLITE_LOCKED: "another connection writes to it",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written",
}
_SQLITE_CONFIG = {
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; its folder must exist and be writable",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
    sqlite3.SQLITE_READONLY: "the file cannot be written",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore it from a backup",
}


def translate(
    error: BaseException, url: URL, lost: bool = False, setting: str = STORAGE_URL
) -> FusionError | None:
    """Translate a driver's error into ours.

    Args:
        error: raised by sqlite3 or psycopg.
        url: the database, shown masked.
        lost: the connection is known to be gone.
        setting: where people name the database, for the cure.

    Returns:
        Our error; None when `error` is not about the state of the database.
    """
    if isinstance(error, sqlite3.Error):
        return _translate_sqlite(error, url, setting)
    if url.get_backend_name() == "postgresql":
        # Importing psycopg costs time that SQLite has no use for.
        from storage.database.postgres_errors import translate_postgres  # noqa: PLC0415

        return translate_postgres(error, url, lost, setting)
    return None


def on_error(context: ExceptionContext, url: URL, setting: str = STORAGE_URL) -> None:
    """Raise our error in place of SQLAlchemy's; engines call this whenever a driver raises.

    Args:
        context: of SQLAlchemy's event `handle_error`.
        url: the database, shown masked.
        setting: where people name the database, for the cure.

    Raises:
        Temporary: waiting can cure it.
        ConfigError: only another configuration can.
    """
    ours = translate(context.original_exception, url, context.is_disconnect, setting)
    if ours is not None:
        raise ours


def _translate_sqlite(error: sqlite3.Error, url: URL, setting: str) -> FusionError | None:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    if code in _SQLITE_TEMPORARY:
        return Temporary(
            f"database {masked(url)}: {_SQLITE_TEMPORARY[code]} ({error}). Try again later."
        )
    if code in _SQLITE_CONFIG:
        return ConfigError(
            f"database {masked(url)}: {_SQLITE_CONFIG[code]} ({error}). Check {setting}."
        )
    return None
