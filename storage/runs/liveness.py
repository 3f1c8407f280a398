"""A training's sign of life, by which a sweep tells a run that goes on from one that died.

PostgreSQL: a lease, a row that a thread of the training renews (`storage.runs.lease`). It needs no
session of its own, which a pooler would not give, and ends some minutes after its process. SQLite,
whose file is shared by the processes of one machine: a write lock on a small file beside the
database (`<database>.run<n>.lock`), dropped by the operating system with the process, also across
containers. Neither looks at process ids, which mean nothing outside of their container.

A training that was taken for dead ends with `Temporary` at its next write, never with half a list.
"""

import contextlib
import glob
import sqlite3
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, select

from fusion.errors import Temporary
from storage.database.engine import schema_of, writing
from storage.runs.lease import Lease, has_lease, lease_holder, remove_ended_leases, remove_lease
from storage.schema.tables import run

_Key = tuple[str, str | None, int]
"""Database, schema and number of a run."""


class LifeSign(Protocol):
    """A sign that lasts while a training lives."""

    def is_held(self, connection: Connection) -> bool:
        """Tell whether nobody has taken it away."""

    def end(self) -> None:
        """Let go of it."""


_own_signs: dict[_Key, LifeSign] = {}
"""Signs of life of this process; a training may use several engines."""


def begin_life(connection: Connection, run_no: int) -> None:
    """Take the sign of life of a run that this process trains.

    Args:
        connection: inside the transaction by which others see that the run is in training.
        run_no: the run.
    """
    engine = connection.engine
    sign = _FileLock(engine, run_no) if _is_sqlite(connection) else Lease(connection, run_no)
    _own_signs[_key(engine, run_no)] = sign


def end_life(engine: Engine, run_no: int) -> None:
    """Let go of a run's sign of life, if this process has it.

    Args:
        engine: from `connect`.
        run_no: the run.
    """
    sign = _own_signs.pop(_key(engine, run_no), None)
    if sign is not None:
        sign.end()


def is_alive(connection: Connection, run_no: int, lock: bool = False) -> bool:
    """Tell whether some process still trains a run, this one included.

    Args:
        connection: to our database.
        run_no: the run.
        lock: let it not begin to live again before the transaction ends.
    """
    if _key(connection.engine, run_no) in _own_signs:
        return True
    if _is_sqlite(connection):
        return _file_is_locked(_lock_file(connection.engine, run_no))
    return has_lease(connection, run_no, lock)


def describe_holder(connection: Connection, run_no: int) -> str:
    """Return a phrase for who trains a run, to follow "in training"; empty where nobody knows.

    Args:
        connection: to our database.
        run_no: the run.
    """
    return "" if _is_sqlite(connection) else lease_holder(connection, run_no)


def require_training(connection: Connection, run_no: int) -> None:
    """Lock a run's row and refuse a run that is not in training, or not by this process any more.

    Args:
        connection: inside a transaction that writes.
        run_no: the run.

    Raises:
        Temporary: it is not in training. It has ended, or showed no sign of life for longer than
            its lease and was taken for dead.
    """
    # FOR NO KEY UPDATE: rows of other tables that point at the run are still let in.
    locked = select(run.c.status).where(run.c.run_no == run_no).with_for_update(key_share=True)
    status = connection.execute(locked).scalar()
    if status != "training":
        raise Temporary(
            f"run number {run_no} is {status or 'not there'}, not in training: start a new run"
        )
    sign = _own_signs.get(_key(connection.engine, run_no))
    if sign is not None and not sign.is_held(connection):
        raise Temporary(
            f"run number {run_no} showed no sign of life for longer than its lease, and another "
            "process took it over: start a new run"
        )


def bury(connection: Connection, run_no: int) -> None:
    """Remove the sign of life that a dead training left.

    Args:
        connection: inside the transaction that marks it failed.
        run_no: the run.
    """
    if not _is_sqlite(connection):
        remove_lease(connection, run_no)


def remove_ended(engine: Engine) -> None:
    """Remove the signs of life of runs that ended, whose process died before it could.

    Nobody else looks at them again.

    Args:
        engine: from `connect`.
    """
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            remove_ended_leases(connection)
        return
    has_ended = run.c.status != "training"
    with engine.connect() as connection:
        ended = set(connection.scalars(select(run.c.run_no).where(has_ended)))
    database = Path(str(engine.url.database))
    for file in database.parent.glob(f"{glob.escape(database.name)}.run*.lock"):
        number = file.name.removeprefix(f"{database.name}.run").removesuffix(".lock")
        if number.isdigit() and int(number) in ended:
            file.unlink(missing_ok=True)


class _FileLock:
    def __init__(self, engine: Engine, run_no: int) -> None:
        self._file = _lock_file(engine, run_no)
        self._lock = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        self._lock.execute("BEGIN EXCLUSIVE")

    def is_held(self, connection: Connection) -> bool:
        """Tell that it is, as long as the process lives."""
        return True

    def end(self) -> None:
        """Close the lock and remove its file."""
        self._lock.close()
        self._file.unlink(missing_ok=True)


def _key(engine: Engine, run_no: int) -> _Key:
    return str(engine.url), schema_of(engine), run_no


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


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
