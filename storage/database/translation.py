"""Translate errors of database drivers into our own error tree, without passwords.

An error becomes `Temporary` when waiting can cure it (locks, a lost or refused connection, a full
disk), `Unavailable` where that takes a moment only; `ConfigError` when only another configuration
can (no such database, no rights, no database file); `DamagedDatabase` when something is gone that
was there. Everything else stays what it is: a violated key is for the caller to explain.
"""

import re
import resource
import sqlite3
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import ExceptionContext

from fusion.core.system_errors import SIZE_CURE
from fusion.errors import ConfigError, FusionError, Temporary, Unavailable
from storage.database.errors import DAMAGE_CURE, STORAGE_URL, DamagedDatabase
from storage.database.limits import describe_wait
from storage.database.urls import masked

_PRIMARY_CODE = 0xFF
"""Mask of SQLite's primary result code; the bits above only refine it (sqlite.org/rescode.html)."""

_SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "another process writes to it",
    sqlite3.SQLITE_INTERRUPT: "the statement took too long",
    sqlite3.SQLITE_LOCKED: "another connection writes to it",
}
_SQLITE_TEMPORARY = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written",
}
_SQLITE_CONFIG = {
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; its folder must exist and be writable",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database",
    sqlite3.SQLITE_READONLY: "the file cannot be written",
}
_LARGEST_WRITE = 64 * 2**10 + 24
"""Bytes of SQLite's largest page and of the header that stands before it in the log of writes."""
_SQLITE_GONE = re.compile(r"no such (table|column|view|index): \S+")


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
        DamagedDatabase: something is gone.
    """
    # The pool asks whether a connection lives still, and makes a new one where it does not.
    if context.is_pre_ping:
        return
    waited = describe_wait(context)
    if waited is not None:
        raise Unavailable(f"database {masked(url)}: {waited}. Try again later.")
    ours = translate(context.original_exception, url, context.is_disconnect, setting)
    if ours is not None:
        raise ours


def _translate_sqlite(error: sqlite3.Error, url: URL, setting: str) -> FusionError | None:
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    if code in _SQLITE_UNAVAILABLE:
        return Unavailable(
            f"database {masked(url)}: {_SQLITE_UNAVAILABLE[code]} ({error}). Try again later."
        )
    if code in _SQLITE_TEMPORARY:
        return _not_written(error, code, url)
    if code in _SQLITE_CONFIG:
        return ConfigError(
            f"database {masked(url)}: {_SQLITE_CONFIG[code]} ({error}). Check {setting}."
        )
    # Databases of others are read by statements of the user's own, which have a cure of their own.
    is_ours = setting == STORAGE_URL
    if is_ours and (code == sqlite3.SQLITE_CORRUPT or _SQLITE_GONE.match(str(error))):
        return DamagedDatabase(f"database {masked(url)} is damaged: {error}. {DAMAGE_CURE}")
    if code == sqlite3.SQLITE_CORRUPT:
        return ConfigError(f"database {masked(url)} is damaged: {error}. Check {setting}.")
    return None


def _not_written(error: sqlite3.Error, code: int, url: URL) -> FusionError:
    if _is_at_size_limit(url):
        return ConfigError(f"database {masked(url)}: its file may not grow ({error}). {SIZE_CURE}")
    return Temporary(
        f"database {masked(url)}: {_SQLITE_TEMPORARY[code]} ({error}). Try again later."
    )


def _is_at_size_limit(url: URL) -> bool:
    """Tell whether this process may hardly write further in a file of a database, or not at all.

    SQLite says no more than that a write failed, and keeps the error of the system to itself.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return False
    files = [Path(f"{url.database}{end}") for end in ("", "-wal", "-journal")]
    largest = max((file.stat().st_size for file in files if file.exists()), default=0)
    return largest + _LARGEST_WRITE >= limit
