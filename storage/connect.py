"""Opening a database: at the newest revision, or with the reason why not."""

from sqlalchemy import Engine

from storage.engine import make_engine, revision
from storage.settings import StorageSettings
from storage.tables import HEAD
from storage.urls import storage_url


def connect(settings: StorageSettings) -> Engine:
    """Open the database of `settings`, at the newest revision; the caller disposes the engine.

    Raises:
        ConfigError: another kind of database, no such database, no rights, or tables of a newer version.
        Temporary: the database is away or busy.

    """
    engine = make_engine(storage_url(settings.url))
    try:
        if revision(engine) != HEAD:
            from storage.upgrade import upgrade  # noqa: PLC0415 - Alembic costs 0.2 s that a rollback has not to spare

            upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine
