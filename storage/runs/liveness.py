"""A training's sign of life: a lock that the operating system or the server drops when it dies.

PostgreSQL: a session advisory lock on a connection of its own, held from `start_run` to
`finish_run`; the server drops it with the connection, on whatever machine the process ran. SQLite:
a write lock on a small file beside the database (`<database>.run<n>.lock`), dropped by the
operating system with the process. No heartbeat, no clock, no process id that another process may
have inherited. A training whose connection breaks looks dead and may be swept; it then ends with
`Temporary` at its next write, never with half a list.
"""

import contextlib
import glob
import sqlite3
from collections.abc import Container
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text

_KEY = "hashtext('fusion run ' || current_schema()), :run_no"


class LifeSign(Protocol):
    """A lock that lasts while a training lives."""

    def end(self) -> None:
        """Let go of the lock."""


_own_signs: dict[tuple[str, int], LifeSign] = {}
"""Signs of life of this process, by database and run number; a training may use several engines."""


def begin_life(engine: Engine, run_no: int) -> None:
    """Take the sign of life of a run that this process trains.

    Call it before others can see the run, or a sweep could come in between.

    Args:
        engine: from `connect`.
        run_no: the run.
    """
    if engine.dialect.name == "sqlite":
        sign: LifeSign = _FileLock(engine, run_no)
    else:
        sign = _ServerLock(engine, run_no)
    _own_signs[str(engine.url), run_no] = sign


def end_life(engine: Engine, run_no: int) -> None:
    """Let go of a run's sign of life, if this process has it.

    Args:
        engine: from `connect`.
        run_no: the run.
    """
    sign = _own_signs.pop((str(engine.url), run_no), None)
    if sign is not None:
        sign.end()


def is_alive(connection: Connection, run_no: int) -> bool:
    """Tell whether some process still trains a run, this one included.

    Args:
        connection: to our database.
        run_no: the run.
    """
    if (str(connection.engine.url), run_no) in _own_signs:
        return True
    if connection.dialect.name == "sqlite":
        return _file_is_locked(_lock_file(connection.engine, run_no))
    # The lock of a try ends with this transaction.
    attempt = text(f"SELECT pg_try_advisory_xact_lock({_KEY})")
    lock_was_free = connection.scalar(attempt, {"run_no": run_no})
    return not lock_was_free


def remove_lock_files(connection: Connection, ended: Container[int]) -> None:
    """Remove the lock files of runs that ended, whose process died before it could.

    Nobody else looks at them again. PostgreSQL has none.

    Args:
        connection: to our database.
        ended: numbers of runs that are not in training.
    """
    if connection.dialect.name != "sqlite":
        return
    database = Path(str(connection.engine.url.database))
    for file in database.parent.glob(f"{glob.escape(database.name)}.run*.lock"):
        number = file.name.removeprefix(f"{database.name}.run").removesuffix(".lock")
        if number.isdigit() and int(number) in ended:
            file.unlink(missing_ok=True)


class _ServerLock:
    def __init__(self, engine: Engine, run_no: int) -> None:
        self._connection = engine.connect()
        # Not the pool's any more: it lives until closed, also when the engine is disposed.
        self._connection.detach()
        self._connection.execute(text(f"SELECT pg_advisory_lock({_KEY})"), {"run_no": run_no})
        self._connection.commit()  # the lock is the session's, not the transaction's

    def end(self) -> None:
        """Close the session, and with it the lock."""
        self._connection.close()


class _FileLock:
    def __init__(self, engine: Engine, run_no: int) -> None:
        self._file = _lock_file(engine, run_no)
        self._lock = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        self._lock.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        """Close the lock and remove its file."""
        self._lock.close()
        self._file.unlink(missing_ok=True)


def _lock_file(engine: Engine, run_no: int) -> Path:
    return Path(f"{engine.url.database}.run{run_no}.lock")


def _file_is_locked(file: Path) -> bool:
    """Try the lock of a file without waiting; remove the file where nobody has it."""
    if not file.exists():
        return False
    with contextlib.closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
    file.unlink(missing_ok=True)
    return False
