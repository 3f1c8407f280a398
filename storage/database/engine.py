"""Engines of SQLite and PostgreSQL, tuned and checked, and transactions that write."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic_core import to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from fusion.core.extras import require_extras
from fusion.masking import mask_all
from storage.database.errors import unreadable
from storage.database.limits import DEFAULT_LIMITS, LIMITS, TimeLimits, limit_statements, limits_of
from storage.database.pool import WaitingPool
from storage.database.postgres_session import begin_postgres, check_postgres, postgres_arguments
from storage.database.translation import on_error
from storage.database.urls import (
    existing_file,
    masked,
    require_server_address,
    require_sqlite_parameters,
)

POOL_SECONDS = 30
"""Seconds that a thread waits for a connection of the pool before `Temporary`."""
_SCHEMA = "fusion_schema"
"""Execution option that holds the schema an engine was made for."""
_WRITES = "fusion_writes"
"""Execution option by which `writing` tells SQLite's `begin` to take the write lock at once."""


def make_engine(
    url: URL,
    read_only: bool = False,
    tidy: bool = False,
    *,
    schema: str | None = None,
    limits: TimeLimits = DEFAULT_LIMITS,
) -> Engine:
    """Make an engine whose errors are ours and whose messages hold no parameters or passwords.

    Nothing is opened yet. The caller disposes the engine. On PostgreSQL each transaction sets its
    schema and its limits itself, and nothing is left to the session: a pooler may give every
    transaction another one.

    Args:
        url: from `storage_url`.
        read_only: every connection refuses to write, and a missing SQLite file is an error
            instead of a new file.
        tidy: with `read_only`, SQLite's own files `-wal` and `-shm` go with the last connection,
            which the rights of a reader alone are not enough for.
        schema: of PostgreSQL, that transactions see alone; None leaves the user's search_path.
        limits: seconds to wait for a connection, a lock and a statement.

    Returns:
        The engine; JSON columns store NaN and infinities as null.
    """
    if url.get_backend_name() == "sqlite":
        engine = _sqlite_engine(url, read_only, tidy, limits)
    else:
        engine = _postgres_engine(url, read_only, schema, limits)
    engine.update_execution_options(**{_SCHEMA: schema, LIMITS: limits})
    return engine


def twin_engine(engine: Engine) -> Engine:
    """Make another engine that writes to the same place, with connections of its own.

    Args:
        engine: from `make_engine`.

    Returns:
        The engine; the caller disposes it.
    """
    return make_engine(engine.url, schema=schema_of(engine), limits=limits_of(engine))


def schema_of(engine: Engine) -> str | None:
    """Return the schema that an engine was made for; None for the first of the search_path.

    Args:
        engine: from `make_engine`.
    """
    schema: str | None = engine.get_execution_options().get(_SCHEMA)
    return schema


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
        Temporary: another writer holds the lock for longer than [storage] lock_timeout.
    """
    with engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
        yield connection


def _sqlite_engine(url: URL, read_only: bool, tidy: bool, limits: TimeLimits) -> Engine:
    require_sqlite_parameters(url)
    engine = create_engine(
        existing_file(url, "rw" if tidy else "ro") if read_only else url,
        connect_args={"timeout": limits.lock},
        hide_parameters=True,
        poolclass=WaitingPool,
        pool_timeout=POOL_SECONDS,
        json_serializer=_json,
        json_deserializer=_read_json,
    )
    # The URL as the user wrote it, not the one with a mode, stands in messages.
    event.listen(engine, "handle_error", partial(on_error, url=url))
    event.listen(engine, "connect", _tune_sqlite_reader if read_only else _tune_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    limit_statements(engine)
    return engine


def _postgres_engine(url: URL, read_only: bool, schema: str | None, limits: TimeLimits) -> Engine:
    require_extras(f"database {masked(url)}", "postgres")
    require_server_address(url)
    engine = create_engine(
        url,
        connect_args=postgres_arguments(limits),
        hide_parameters=True,
        poolclass=WaitingPool,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,  # a server restart costs one look, not one failed request
        json_serializer=_json,
        json_deserializer=_read_json,
    )
    event.listen(engine, "handle_error", partial(on_error, url=url))
    event.listen(engine, "first_connect", partial(check_postgres, url=url, schema=schema))
    begin = partial(begin_postgres, schema=schema, read_only=read_only)
    event.listen(engine, "begin", begin)
    return engine


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
