"""Engines, tuned and checked for SQLite and PostgreSQL, and transactions that write."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic_core import to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from fusion.core.extras import require_extras
from fusion.errors import ConfigError
from fusion.masking import mask_all
from storage.database.errors import on_error, unreadable
from storage.database.pool import WaitingPool
from storage.database.urls import (
    existing_file,
    masked,
    require_server_address,
    require_sqlite_parameters,
)

BUSY_SECONDS = 30
"""Seconds that a writer waits for another, and a thread for a connection, before `Temporary`.

A bulk load holds SQLite for some.
"""
OLDEST_POSTGRES = 140000
"""Server version number of PostgreSQL 14: older ones cannot detach a partition concurrently."""
_WRITES = "fusion_writes"
"""Execution option by which `writing` tells SQLite's `begin` to take the write lock at once."""


def make_engine(url: URL, read_only: bool = False, tidy: bool = False) -> Engine:
    """Make an engine whose errors are ours and whose messages hold no parameters or passwords.

    Nothing is opened yet. The caller disposes the engine.

    Args:
        url: from `storage_url`.
        read_only: every connection refuses to write, and a missing SQLite file is an error
            instead of a new file.
        tidy: with `read_only`, SQLite's own files `-wal` and `-shm` go with the last connection,
            which the rights of a reader alone are not enough for.

    Returns:
        The engine; JSON columns store NaN and infinities as null.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, read_only, tidy)
    return _postgres_engine(url, read_only)


def revision(engine: Engine) -> str | None:
    """Return the Alembic revision that a database is at.

    Args:
        engine: of our own database.

    Returns:
        The revision; None where the database holds none of our tables.
    """
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, "alembic_version"):
            return None
        current: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return current


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes, committed at the end of the block.

    SQLite is locked for writing at once: a transaction that begins by reading and asks for the
    lock later can be refused half-way.

    Args:
        engine: of our own database.

    Yields:
        The connection, inside its transaction.

    Raises:
        Temporary: another writer holds the lock for longer than `BUSY_SECONDS`.
    """
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


def _sqlite_engine(url: URL, read_only: bool, tidy: bool) -> Engine:
    require_sqlite_parameters(url)
    engine = create_engine(
        existing_file(url, "rw" if tidy else "ro") if read_only else url,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        poolclass=WaitingPool,
        pool_timeout=BUSY_SECONDS,
        json_serializer=_json,
        json_deserializer=_read_json,
    )
    # The URL as the user wrote it, not the one with a mode, stands in messages.
    event.listen(engine, "handle_error", partial(on_error, url=url))
    event.listen(engine, "connect", _tune_sqlite_reader if read_only else _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgres_engine(url: URL, read_only: bool) -> Engine:
    require_extras(f"database {masked(url)}", "postgres")
    require_server_address(url)
    engine = create_engine(
        url,
        connect_args=_postgres_arguments(url, read_only),
        hide_parameters=True,
        poolclass=WaitingPool,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,  # a server restart costs one look, not one failed request
        json_serializer=_json,
        json_deserializer=_read_json,
    )
    event.listen(engine, "handle_error", partial(on_error, url=url))
    event.listen(engine, "first_connect", partial(_check_postgres, url=url))
    return engine


def _postgres_arguments(url: URL, read_only: bool) -> dict[str, Any]:
    """Return the arguments of psycopg's `connect`; options that the URL holds stay before ours."""
    options = [*url.normalized_query.get("options", ())]
    options += [f"-c lock_timeout={BUSY_SECONDS}s", "-c idle_session_timeout=0", "-c timezone=UTC"]
    if read_only:
        options.append("-c default_transaction_read_only=on")
    return {
        "application_name": "fusion",
        "client_encoding": "UTF8",  # what COPY sends, whatever PGCLIENTENCODING says
        "connect_timeout": 10,
        "keepalives_idle": 60,  # notices when the other side of an idle sign of life is gone
        "options": " ".join(options).strip(),
    }


def _check_postgres(connection: Any, record: ConnectionPoolEntry, url: URL) -> None:
    """Refuse a server that is too old, and a database that cannot store every text."""
    version = connection.info.server_version
    encoding = connection.info.parameter_status("server_encoding")
    if version < OLDEST_POSTGRES:
        raise ConfigError(
            f"database {masked(url)} is PostgreSQL {version // 10000}: 14 or newer is needed."
        )
    if encoding != "UTF8":
        raise ConfigError(
            f"database {masked(url)} has encoding {encoding}: create it with ENCODING 'UTF8'."
        )


def _tune_sqlite(connection: Any, record: ConnectionPoolEntry) -> None:
    """Set up a new connection to SQLite; the write-ahead log lets readers and one writer go on."""
    # SQLAlchemy says when a transaction begins, not the driver's guesses.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -65536",  # KiB, that is 64 MiB
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _tune_sqlite_reader(connection: Any, record: ConnectionPoolEntry) -> None:
    """Set up a connection that only reads: it may not even ask for another journal mode."""
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _json(value: Any) -> str:
    """Write JSON without secrets; NaN and infinities, which JSON does not have, become null."""
    return to_json(mask_all(value), inf_nan_mode="null").decode()


def _read_json(text: Any) -> dict[str, Any] | None:
    """Read a JSON document of ours, which is an object or null."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError):  # a number of SQLite, a text that is no JSON
        raise unreadable("JSON object", text) from None
    if value is None or isinstance(value, dict):
        return value
    raise unreadable("JSON object", text)
