"""Engines: one a database, tuned and checked, with transactions that write."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic_core import to_json
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from fusion.errors import ConfigError
from storage.database.errors import on_error
from storage.database.urls import masked

BUSY_SECONDS = 30
"""How long a writer waits for another before `Temporary`; a bulk load holds SQLite for seconds."""


def make_engine(url: URL) -> Engine:
    """Make an engine whose errors are ours and whose messages never hold parameters or passwords."""
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS} if sqlite else _postgres_arguments(url),
        hide_parameters=True,
        pool_pre_ping=not sqlite,
        json_serializer=_json,
    )
    event.listen(engine, "handle_error", partial(on_error, url=url))
    if sqlite:
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "first_connect", partial(_check_postgres, url=url))
    return engine


def revision(engine: Engine) -> str | None:
    """Give the Alembic revision that the database is at; None when it holds none of our tables."""
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, "alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; SQLite is locked at once, so that it cannot fail half-way."""
    with engine.connect().execution_options(fusion_writes=True) as connection, connection.begin():
        yield connection


def _postgres_arguments(url: URL) -> dict[str, Any]:
    words = [*url.normalized_query.get("options", ())]
    words += [f"-c lock_timeout={BUSY_SECONDS}s", "-c idle_session_timeout=0", "-c timezone=UTC"]
    return {
        "application_name": "fusion",
        "client_encoding": "UTF8",  # what COPY sends, whatever PGCLIENTENCODING says
        "connect_timeout": 10,
        "keepalives_idle": 60,  # notices when the other side of an idle sign of life is gone
        "options": " ".join(words).strip(),
    }


def _check_postgres(connection: Any, record: ConnectionPoolEntry, url: URL) -> None:
    version, encoding = (
        connection.info.server_version,
        connection.info.parameter_status("server_encoding"),
    )
    if version < 140000:
        raise ConfigError(
            f"database {masked(url)} is PostgreSQL {version // 10000}: 14 or newer is needed."
        )
    if encoding != "UTF8":
        raise ConfigError(
            f"database {masked(url)} has encoding {encoding}: create it with ENCODING 'UTF8'."
        )


def _tune_sqlite(connection: Any, record: ConnectionPoolEntry) -> None:
    connection.isolation_level = (
        None  # SQLAlchemy says when a transaction begins, not the driver's guesses
    )
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -65536",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("fusion_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _json(value: Any) -> str:
    """Write JSON; NaN and infinities, which JSON does not have, become null."""
    return to_json(value, inf_nan_mode="null").decode()
