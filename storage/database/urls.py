"""Database URLs: read, checked, and shown without their secrets."""

import sqlite3
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from fusion.errors import ConfigError
from fusion.masking import mask_secrets

SUPPORTED = "sqlite:///path/to/file.db and postgresql+psycopg://user:password@host:5432/database"
"""The URLs of our own database, for messages."""
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
_SQLITE_PARAMETERS = frozenset(
    ("cached_statements", "check_same_thread", "detect_types", "isolation_level", "timeout", "uri")
)
_NO_FILE = (None, "", ":memory:")
"""Names by which SQLite means a database in memory."""


def parse_url(text: str) -> URL:
    """Read a database URL; `postgres://` and `postgresql://` mean psycopg 3.

    Args:
        text: as a user wrote it.

    Returns:
        The URL, of any database.

    Raises:
        ConfigError: it is no database URL. The message never repeats it, since it may hold a
            password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        message = f"a database URL (`url`) cannot be read. Supported: {SUPPORTED}."
        raise ConfigError(message) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url


def resolve_url(text: str, base: Path) -> URL:
    """Read a database URL whose relative SQLite file starts at a folder.

    Args:
        text: as a user wrote it.
        base: folder at which a relative path starts.

    Returns:
        The URL, of any database.

    Raises:
        ConfigError: as in `parse_url`.
    """
    url = parse_url(text)
    if _is_sqlite(url) and url.database not in _NO_FILE:
        file = base / str(url.database)
        url = url.set(database=str(file))
    return url


def masked(url: URL | str) -> str:
    """Show a URL without its passwords.

    Args:
        url: any database URL, or what should be one.

    Returns:
        The URL with `***` for every password in it; `***` alone when it cannot be read.
    """
    try:
        shown = make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "***"
    return mask_secrets(shown)


def storage_url(text: str, schema: str | None = None) -> URL:
    """Read the URL of our own database: an SQLite file, or PostgreSQL through psycopg 3.

    Args:
        text: as a user wrote it.
        schema: PostgreSQL schema that an engine is to see alone, if any.

    Returns:
        The URL.

    Raises:
        ConfigError: another database or driver, SQLite in memory, which would end with the
            command, or a schema for SQLite, which has none.
    """
    url = parse_url(text)
    if url.drivername not in _DRIVERS:
        raise ConfigError(
            f"[storage] url {masked(url)} is not a supported database. Supported: {SUPPORTED}."
        )
    if _is_sqlite(url) and url.database in _NO_FILE:
        problem = "keeps nothing between commands: name a file"
        raise ConfigError(f"[storage] url {masked(url)} {problem}. Supported: {SUPPORTED}.")
    if schema is not None and _is_sqlite(url):
        raise ConfigError(
            f"[storage] schema = {schema!r}: an SQLite file has no schemas: give each tenant a "
            "file in [storage] url, or use PostgreSQL."
        )
    return url


def existing_file(url: URL, mode: Literal["ro", "rw"] = "ro") -> URL:
    """Return the URL that opens an SQLite file which is there.

    SQLite makes an empty file where a name is wrong, unless it is told not to.

    Args:
        url: of an SQLite file.
        mode: `ro` for reading only, `rw` also for writing.

    Returns:
        The same file in the form of an SQLite URI, with its mode.
    """
    file = f"file:{quote(str(url.database))}"
    return url.set(database=file).update_query_dict({"mode": mode, "uri": "true"})


def require_sqlite_parameters(url: URL) -> None:
    """Refuse parameters that Python's SQLite does not take, or not with such a value.

    SQLAlchemy would pass them on, to end in a `TypeError` of the driver.

    Args:
        url: of an SQLite file.

    Raises:
        ConfigError: a parameter is wrong.
    """
    # With `uri=true` the others are SQLite's own, which passes over what it does not know.
    unknown = set() if "uri" in url.query else set(url.query) - _SQLITE_PARAMETERS
    problem = f"it takes no {', '.join(sorted(unknown))}" if unknown else _problem_with_values(url)
    if problem:
        allowed = ", ".join(sorted(_SQLITE_PARAMETERS))
        raise ConfigError(f"database {masked(url)}: {problem}. Parameters of SQLite: {allowed}.")


def _problem_with_values(url: URL) -> str:
    """What Python's SQLite says of the values of parameters; empty where it takes them."""
    try:
        # Each form takes parameters that the other passes over.
        for form in (url, existing_file(url)):
            _, options = form.get_dialect()().create_connect_args(form)
            sqlite3.connect(":memory:", **options).close()
    except (ArgumentError, TypeError, ValueError, OverflowError) as error:
        return str(error)
    return ""


def require_server_address(url: URL) -> None:
    """Refuse a host or port that no server can have, on which drivers end in errors of their own.

    Args:
        url: of a database on a server, with its driver installed.

    Raises:
        ConfigError: a host is no name, or a port no number.
    """
    hosts = [url.host or "", *url.normalized_query.get("host", ())]
    try:
        for host in ",".join(hosts).split(","):
            # A path is that of a socket's folder.
            if not host.startswith(("/", "@")):
                host.encode("idna")
        url.get_dialect()().create_connect_args(url)
    except (ArgumentError, TypeError, ValueError) as error:
        raise ConfigError(
            f"database {masked(url)} has no address of a server: {refusal(error)}. Write host:port"
        ) from error


def refusal(error: Exception) -> str:
    """Return why an address was refused, in words for people.

    Args:
        error: of a driver, or of Python where a host is no name.
    """
    if isinstance(error, UnicodeError):
        return "a part of the name of the host is empty or too long"
    return str(error)


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"
