"""Time limits: how long to wait for a server, for a lock, and for a statement."""

import math
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

LIMITS = "fusion_limits"
"""Execution option of engines and connections that holds their `TimeLimits`."""
_LOOK_EVERY = 100_000
"""Steps of SQLite's virtual machine between two looks at the clock, a few milliseconds."""
_END = "fusion_end"
"""Key under which a connection keeps the moment at which its statement has taken too long."""
_SHOWN = 200
"""Characters of a statement that a sentence shows."""


@dataclass(frozen=True)
class TimeLimits:
    """Seconds after which to stop waiting for a database.

    Attributes:
        connect: for a server that does not answer; SQLite has none.
        lock: for a lock that somebody else holds.
        statement: for a statement to end.
        away: while a training goes on, for a database that does not answer.
        settings: that hold `lock` and `statement`, for messages; None where none does.
    """

    connect: int = 10
    lock: float = 30.0
    statement: float = 3600.0
    away: float = 600.0
    settings: tuple[str, str] | None = ("[storage] lock_timeout", "[storage] statement_timeout")


DEFAULT_LIMITS = TimeLimits()
"""Limits of who names none."""


def limits_of(owner: Engine | Connection) -> TimeLimits:
    """Return the time limits of an engine or a connection.

    Args:
        owner: with the execution option `LIMITS`, or with limits by default.
    """
    limits: TimeLimits = owner.get_execution_options().get(LIMITS, DEFAULT_LIMITS)
    return limits


def limit_statements(engine: Engine) -> None:
    """Let the statements of an SQLite engine end when they have taken too long.

    The time in which the caller takes their rows counts, since SQLite works while it does.

    Args:
        engine: of an SQLite file, that has made no connection yet.
    """
    event.listen(engine, "connect", _watch_statements)
    event.listen(engine, "before_cursor_execute", _start_clock)


def _start_clock(connection: Connection, *statement: Any) -> None:
    connection.info[_END] = time.monotonic() + limits_of(connection).statement


def _watch_statements(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    def _is_over() -> bool:
        end: float = record.info.get(_END, math.inf)
        return time.monotonic() > end

    connection.set_progress_handler(_is_over, _LOOK_EVERY)


def describe_wait(context: ExceptionContext) -> str | None:
    """Say which statement waited too long, and for what.

    Args:
        context: of SQLAlchemy's event `handle_error`.

    Returns:
        A sentence without its full stop; None where the error is another one.
    """
    # Without a connection there was no statement to wait.
    if context.connection is None:
        return None
    error, limits = context.original_exception, limits_of(context.connection)
    shown = " ".join((context.statement or "a statement").split())
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}..."
    if _is_lock_timeout(error):
        is_sqlite = isinstance(error, sqlite3.Error)
        who = "another process writes to it" if is_sqlite else "another session holds a lock on it"
        setting = f" ({limits.settings[0]})" if limits.settings else ""
        return f"{who}; this waited {limits.lock:g} s{setting}: {shown}"
    if _is_statement_timeout(error):
        setting = f" ({limits.settings[1]})" if limits.settings else ""
        return f"this took longer than {limits.statement:g} s{setting}: {shown}"
    return None


def _is_lock_timeout(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        # The bits above the primary code only refine it (sqlite.org/rescode.html).
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error, "sqlstate", None) == "55P03"


def _is_statement_timeout(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT
    # The server has one code for it and for what an administrator cancels.
    is_cancelled = getattr(error, "sqlstate", None) == "57014"
    return is_cancelled and "statement timeout" in str(error)
