"""Database URLs: checked, and shown without their secrets."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from fusion.errors import ConfigError

SUPPORTED = "sqlite:///path/to/file.db and postgresql+psycopg://user:password@host:5432/database"
_SECRETS = ("password", "sslpassword")


def parse_url(text: str) -> URL:
    """Read a URL; `postgres://` and `postgresql://` mean psycopg 3.

    Raises: ConfigError: it is no database URL. The message never repeats it, since it may hold a
        password.

    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError(f"the database URL cannot be read. Supported: {SUPPORTED}.") from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return url


def placed(text: str, base: Path) -> URL:
    """Read a URL as `parse_url` does; a relative path of an SQLite file starts at `base`."""
    url = parse_url(text)
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        url = url.set(database=str(base / str(url.database)))
    return url


def masked(url: URL | str) -> str:
    """Show a URL with every password in it as `***`; `***` alone when it cannot be read."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return "***"
    hidden = {name: "***" for name in _SECRETS if name in parsed.query}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True)


def storage_url(text: str, schema: str | None = None) -> URL:
    """Read the URL of our own database: an SQLite file or PostgreSQL through psycopg 3.

    With `schema`, its connections see that schema alone.

    Raises: ConfigError: another database or driver, SQLite in memory, which would end with the
        command, or a schema for SQLite, which has none.

    """
    url = parse_url(text)
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise ConfigError(
            f"[storage] url {masked(url)} is not a supported database. Supported: {SUPPORTED}."
        )
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        what = "keeps nothing between commands: name a file"
        raise ConfigError(f"[storage] url {masked(url)} {what}. Supported: {SUPPORTED}.")
    if schema is None:
        return url
    if url.get_backend_name() == "sqlite":
        cure = "an SQLite file has no schemas: give each tenant a file in [storage] url, or use PostgreSQL"
        raise ConfigError(f"[storage] schema = {schema!r}: {cure}.")
    options = " ".join([*url.normalized_query.get("options", ()), f"-c search_path={schema}"])
    return url.update_query_dict({"options": options})
