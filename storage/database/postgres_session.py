"""Sessions of PostgreSQL that a pooler may hand to another client after each transaction.

pgbouncer in transaction mode gives every transaction the next free session of the server, refuses
`options` at the start of a connection or, with its usual setting, drops them without a word. So
nothing here lasts longer than a transaction: no `SET`, no prepared statement, no session lock.
"""

import re
from typing import Any

from sqlalchemy import URL, Connection
from sqlalchemy.pool import ConnectionPoolEntry

from fusion.errors import ConfigError
from storage.database.limits import DEFAULT_LIMITS, TimeLimits, limits_of
from storage.database.urls import masked

OLDEST_POSTGRES = 140000
"""Server version number of PostgreSQL 14: older ones cannot detach a partition concurrently."""
_SEARCH_PATH = re.compile(r"(?:-c\s*|--)search_path=(\S+)")
"""The setting among the options of a URL, as libpq takes them."""


def postgres_arguments(limits: TimeLimits) -> dict[str, Any]:
    """Return the arguments of psycopg's `connect`.

    Args:
        limits: of the connection.
    """
    return {
        "application_name": "fusion",
        "client_encoding": "UTF8",  # what COPY sends, whatever PGCLIENTENCODING says
        "connect_timeout": limits.connect,
        # Notices that the other side is gone: after half a minute without a sign, three in all.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # A prepared statement stays with a session, and the next transaction may have another.
        "prepare_threshold": None,
    }


def local_settings(limits: TimeLimits, schema: str | None = None) -> list[str]:
    """Return the statements that a transaction begins with; they end with it.

    Args:
        limits: of its statements.
        schema: that it sees alone; None leaves the search_path as it is.
    """
    statements = [
        f"SET LOCAL lock_timeout = {_milliseconds(limits.lock)}",
        f"SET LOCAL statement_timeout = {_milliseconds(limits.statement)}",
    ]
    if schema is not None:
        quoted = schema.replace('"', '""')
        statements.append(f'SET LOCAL search_path = "{quoted}"')
    return statements


def begin_postgres(connection: Connection, schema: str | None, read_only: bool) -> None:
    """Set up the transaction that begins; engines call this.

    Args:
        connection: that begins it.
        schema: that it sees alone; None leaves the search_path as it is.
        read_only: refuse to write.
    """
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return  # there is no transaction that these would last for
    statements = ["SET LOCAL timezone = 'UTC'", *local_settings(limits_of(connection), schema)]
    if read_only:
        statements.insert(0, "SET TRANSACTION READ ONLY")
    set_up(connection, statements)


def set_up(connection: Connection, statements: list[str]) -> None:
    """Run statements that begin a transaction, in one message.

    Args:
        connection: in a transaction of PostgreSQL.
        statements: without parameters and rows.
    """
    # A cursor of the server, which a caller may ask for, is for rows.
    own = {"stream_results": False, "no_parameters": True}
    connection.exec_driver_sql("; ".join(statements), execution_options=own)


def check_postgres(
    connection: Any, record: ConnectionPoolEntry, url: URL, schema: str | None
) -> None:
    """Refuse a server that is too old, and a database that is not the one that was meant.

    Args:
        connection: of psycopg, just made.
        record: of the pool.
        url: of the database.
        schema: that transactions ask for.

    Raises:
        ConfigError: the server or the database's encoding will not do, or statements would see
            another schema than the configuration names.
    """
    try:
        _require_server(connection, url)
        _require_schema(connection, url, schema)
    except BaseException:
        connection.close()  # the pool has not taken it yet
        raise


def _require_server(connection: Any, url: URL) -> None:
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


def _require_schema(connection: Any, url: URL, schema: str | None) -> None:
    """Refuse a connection on which tables would be looked for, or made, somewhere else."""
    wanted = _path_of_options(url) if schema is None else [schema]
    if not wanted:
        return
    with connection.transaction():
        if schema is not None:
            connection.execute("; ".join(local_settings(DEFAULT_LIMITS, schema)))
        (path,) = connection.execute("SELECT current_setting('search_path')").fetchone()
        (seen,) = connection.execute("SELECT current_schema()").fetchone()
    # A schema that is not there yet is none; that of a path may be any of it.
    if _names(path) != wanted or (schema is not None and seen not in (schema, None)):
        raise ConfigError(
            f"database {masked(url)}: statements see schema {seen!r}, not {wanted[0]!r}. A pooler "
            "drops search_path from the url's `options`, or pools single statements: name the "
            "schema as `schema` in [storage], and let the pooler pool transactions."
        )


def _path_of_options(url: URL) -> list[str]:
    """Return the schemas that the options of a URL ask for; none where they ask for none."""
    options = " ".join(url.normalized_query.get("options", ()))
    found = _SEARCH_PATH.findall(options)
    return _names(found[-1]) if found else []


def _names(path: str) -> list[str]:
    return [name.strip(" \"'") for name in path.split(",")]


def _milliseconds(seconds: float) -> int:
    return max(1, round(1000 * seconds))  # 0 would be no limit
