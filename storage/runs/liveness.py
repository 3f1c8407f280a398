"""A training's sign of life: a lock that the operating system or the server lets go when the process dies.

PostgreSQL: a session advisory lock on a connection of its own, held from `start_run` to
    `finish_run`; the server drops it with the connection, on whatever machine the process ran.
    SQLite: an SQLite write lock on a small file beside the database (`<database>.run<n>.lock`),
    dropped by the operating system with the process. No heartbeat, no clock, no process id that
    another process may have inherited. A training whose connection breaks looks dead and may be
    swept; it then ends with `Temporary` at its next write, never with half a list.
"""

import contextlib
import glob
import sqlite3
from collections.abc import Container
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text

_KEY = "hashtext('fusion run ' || current_schema()), :run_no"


class Life(Protocol):
    """Something held while a training lives."""

    def end(self) -> None:
        """Let go."""


_held: dict[tuple[str, int], Life] = {}
"""What this process holds, by database and run number; a training may use several engines on the way."""


def begin_life(engine: Engine, run_no: int) -> None:
    """Hold the sign of life of a run that this process trains.

    Call it before others can see the run, or a sweep could come in between.
    """
    life: Life = (
        _FileLife(engine, run_no)
        if engine.dialect.name == "sqlite"
        else _ServerLife(engine, run_no)
    )
    _held[str(engine.url), run_no] = life


def end_life(engine: Engine, run_no: int) -> None:
    """Let go of a run's sign of life, where this process holds it."""
    life = _held.pop((str(engine.url), run_no), None)
    if life is not None:
        life.end()


def is_alive(connection: Connection, run_no: int) -> bool:
    """Tell whether some process still trains a run, this one included."""
    if (str(connection.engine.url), run_no) in _held:
        return True
    if connection.dialect.name == "sqlite":
        return _file_is_locked(_lock_file(connection.engine, run_no))
    taken = connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({_KEY})"), {"run_no": run_no})
    return not taken


def tidy(connection: Connection, ended: Container[int]) -> None:
    """Remove the files of runs that ended, whose process died before it could: nobody else looks at them again."""
    if connection.dialect.name != "sqlite":
        return
    database = Path(str(connection.engine.url.database))
    for file in database.parent.glob(f"{glob.escape(database.name)}.run*.lock"):
        number = file.name.removeprefix(f"{database.name}.run").removesuffix(".lock")
        if number.isdigit() and int(number) in ended:
            file.unlink(missing_ok=True)


class _ServerLife:
    def __init__(self, engine: Engine, run_no: int) -> None:
        self._connection = engine.connect()
        self._connection.detach()  # not the pool's: lives until closed, also when the engine is disposed
        self._connection.execute(text(f"SELECT pg_advisory_lock({_KEY})"), {"run_no": run_no})
        self._connection.commit()  # the lock is the session's, not the transaction's

    def end(self) -> None:
        self._connection.close()


class _FileLife:
    def __init__(self, engine: Engine, run_no: int) -> None:
        self._file = _lock_file(engine, run_no)
        self._lock = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        self._lock.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        self._lock.close()
        self._file.unlink(missing_ok=True)


def _lock_file(engine: Engine, run_no: int) -> Path:
    return Path(f"{engine.url.database}.run{run_no}.lock")


def _file_is_locked(file: Path) -> bool:
    if not file.exists():
        return False
    with contextlib.closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
    file.unlink(missing_ok=True)
    return False
