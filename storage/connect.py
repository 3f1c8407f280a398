"""The doors of a database: for commands that own it, and for services that only read lists."""

from pathlib import Path

from sqlalchemy import Engine, text

from fusion.errors import ConfigError
from storage.database.engine import make_engine, revision
from storage.database.settings import StorageSettings
from storage.database.urls import masked, storage_url
from storage.schema.tables import HEAD
from storage.schema.views import view_metadata


def connect(settings: StorageSettings) -> Engine:
    """Open the database of `settings`, at the newest revision; the caller disposes the engine.

    Raises: ConfigError: another kind of database, no such database, no rights, or tables of a newer
        version. Temporary: the database is away or busy.

    """
    schema = settings.schema_name
    engine = make_engine(storage_url(settings.url, schema))
    try:
        if schema is not None:
            _make_schema(settings.url, schema)
        if revision(engine) != HEAD:
            from storage.schema.upgrade import upgrade  # noqa: PLC0415 - Alembic costs 0.2 s that a rollback has not to spare

            upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_reader(url: str, schema: str | None = None) -> Engine:
    """Open a database for a service that shows lists.

    Nothing is created, migrated or written, and the rights of the role `lists_reader` in
    docs/sql.md are enough. The engine keeps a pool of connections and is safe to share between
    threads: open one a process, and dispose it at the end.

    Args:
        url: of the SQLite file or PostgreSQL database that `[storage] url` names; the path of a
            file starts at the working folder.
        schema: what `[storage] schema` names; None for the first of the role's search_path.

    Returns:
        An engine for `recommendations_for` and the other functions of `storage.reading`; those
        that read tables need more rights than the role has.

    Raises:
        ConfigError: another kind of database, no such database, wrong password, no rights, or a
            database without the views of fusion.
        Temporary: the database is away or busy.
    """
    place = storage_url(url, schema)
    if place.get_backend_name() == "sqlite" and not Path(str(place.database)).exists():
        raise ConfigError(f"database {masked(place)} is not there: `fusion run` makes it.")
    engine = make_engine(place, read_only=True)
    try:
        _require_views(engine, masked(place))
    except BaseException:
        engine.dispose()
        raise
    return engine


def _require_views(engine: Engine, shown: str) -> None:
    """Refuse a database that has not every view: the first migration makes them all."""
    with engine.connect() as connection:
        for view in view_metadata.tables:
            if not engine.dialect.has_table(connection, view):
                raise ConfigError(
                    f"database {shown} has no view {view}: `fusion run` makes it. On PostgreSQL "
                    "name the schema that [storage] schema names."
                )


def _make_schema(url: str, name: str) -> None:
    """See that a schema is there: over a connection that does not yet look for its tables in it."""
    engine = make_engine(storage_url(url))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('fusion schema'))"))
            if connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": name}) is None:
                connection.execute(text(f"CREATE SCHEMA {name}"))
    finally:
        engine.dispose()
