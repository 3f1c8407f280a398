"""Opening a database: at the newest revision, or with the reason why not."""

from sqlalchemy import Engine, text

from storage.database.engine import make_engine, revision
from storage.database.settings import StorageSettings
from storage.database.urls import storage_url
from storage.schema.tables import HEAD


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
