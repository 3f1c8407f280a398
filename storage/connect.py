"""Open a database: as its owner, who may make its tables, or as a service that only reads lists."""

import os
from pathlib import Path

from sqlalchemy import URL, Engine, quoted_name, text
from sqlalchemy.schema import CreateSchema

from fusion.errors import ConfigError
from storage.database.engine import make_engine, revision
from storage.database.errors import NoDatabase
from storage.database.limits import TimeLimits
from storage.database.settings import StorageSettings
from storage.database.urls import masked, storage_url
from storage.schema.inspection import require_whole
from storage.schema.tables import HEAD
from storage.schema.views import LIST_VIEWS

# A schema that is not there yet would be made in the database.
_MAY_MAKE = """
SELECT CASE
    WHEN to_regnamespace(CAST(:name AS text)) IS NULL AND CAST(:name AS text) IS NOT NULL
    THEN has_database_privilege(current_database(), 'CREATE')
    ELSE has_schema_privilege(COALESCE(CAST(:name AS text), current_schema()), 'CREATE')
END
"""


def connect(settings: StorageSettings, *, migrate: bool = False, read_only: bool = False) -> Engine:
    """Open a database as its owner; the caller disposes the engine.

    Tables are made and changed only when the caller asks for it with `migrate`.

    Args:
        settings: `[storage]` of a configuration.
        migrate: make what is missing (the SQLite file, the schema, the tables) and bring an older
            database up to date.
        read_only: every connection refuses to write; not together with `migrate`.

    Returns:
        An engine on a database at the newest revision, with every table, column and view.

    Raises:
        ConfigError: another kind of database, no such database, no rights, or tables of a newer
            version; without `migrate` also `NoDatabase` where there are no tables, and
            `OlderDatabase` where they are of an older version.
        DamagedDatabase: a table, a column or a view is gone.
        Temporary: the database is away or busy.
    """
    place = storage_url(settings.url, settings.schema_name)
    if migrate and settings.schema_name is not None:
        _make_schema(place, settings.schema_name, settings.limits)
    if not migrate:
        require_file(place)
    engine = make_engine(
        place, read_only, tidy=True, schema=settings.schema_name, limits=settings.limits
    )
    try:
        _require_newest(engine, migrate)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _require_newest(engine: Engine, migrate: bool) -> None:
    """See that a database is whole and at the newest revision, or bring it there."""
    current = revision(engine)
    try:
        require_whole(engine, current)
    except NoDatabase:
        if not migrate:
            raise
    if current == HEAD:
        return
    # Alembic costs 0.2 s, which a rollback on a database up to date has not to spare.
    from storage.schema.upgrade import require_newest, upgrade  # noqa: PLC0415

    if migrate:
        upgrade(engine)
    else:
        require_newest(engine)


def make_database(settings: StorageSettings) -> None:
    """Make the file, the schema and the tables where there are none; change nothing else.

    Args:
        settings: `[storage]` of a configuration.

    Raises:
        FusionError: as `connect` without `migrate`, but for a database that is not there yet.
    """
    try:
        connect(settings).dispose()
    except NoDatabase:
        connect(settings, migrate=True).dispose()


def require_makeable(settings: StorageSettings) -> None:
    """Refuse a place in which `make_database` could make nothing; make nothing.

    Args:
        settings: `[storage]` of a configuration, whose database is not there or empty.

    Raises:
        ConfigError: the folder of the SQLite file cannot be written, or the user of PostgreSQL may
            not make the schema or its tables.
    """
    place = storage_url(settings.url, settings.schema_name)
    if place.get_backend_name() == "sqlite":
        folder = Path(str(place.database)).parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigError(
                f"database {masked(place)} cannot be made: folder {folder} must exist and be "
                "writable. Check [storage] url."
            )
        return
    # The schema may not be there yet.
    engine = make_engine(place, read_only=True, limits=settings.limits)
    try:
        with engine.connect() as connection:
            may_make = connection.scalar(text(_MAY_MAKE), {"name": settings.schema_name})
    finally:
        engine.dispose()
    if not may_make:
        raise ConfigError(
            f"database {masked(place)}: its user may make no tables in it. Grant CREATE on the "
            "schema, or on the database where [storage] schema is not there yet."
        )


def open_reader(url: str, schema: str | None = None) -> Engine:
    """Open a database for a service that shows lists.

    Nothing is created, migrated or written, and the rights of the role `lists_reader` in
    docs/sql.md are enough. The engine keeps a pool of connections and is safe to share between
    threads: open one a process, and dispose it at the end.

    An SQLite file is opened for reading only. Its write-ahead log still needs a folder in which the
    service may make the files `-wal` and `-shm`.

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
    require_file(place)
    engine = make_engine(place, read_only=True, schema=schema)
    try:
        _require_views(engine, masked(place))
    except BaseException:
        engine.dispose()
        raise
    return engine


def require_file(place: URL) -> None:
    """Refuse an SQLite file that is not there: opening it would make an empty one."""
    if place.get_backend_name() == "sqlite" and not Path(str(place.database)).exists():
        raise NoDatabase(f"database {masked(place)} is not there: `fusion run` makes it.")


def _require_views(engine: Engine, shown: str) -> None:
    """Refuse a database that has not every view: the first migration makes them all."""
    with engine.connect() as connection:
        for view in LIST_VIEWS:
            if not engine.dialect.has_table(connection, view.name):
                raise ConfigError(
                    f"database {shown} has no view {view.name}: `fusion run` makes it. On "
                    "PostgreSQL name the schema that [storage] schema names."
                )


def _make_schema(place: URL, name: str, limits: TimeLimits) -> None:
    """Make a schema that is not there, over a connection that does not look for tables in it."""
    engine = make_engine(place, limits=limits)
    try:
        with engine.begin() as connection:
            # Of two processes that begin at once, one waits, and then finds the schema there.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('fusion schema'))"))
            if connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": name}) is None:
                # Quoted: a name such as `user` is a word of SQL.
                connection.execute(CreateSchema(quoted_name(name, quote=True)))
    finally:
        engine.dispose()
