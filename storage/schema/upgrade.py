"""Bringing a database to the newest revision, with Alembic."""

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from fusion.errors import ConfigError
from storage.database.engine import revision, writing
from storage.database.urls import masked
from storage.schema.tables import HEAD

_thread_lock = Lock()  # Alembic keeps its context in globals
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('fusion upgrade ' || current_schema()))"


def alembic_config(connection: Connection | None = None) -> Config:
    """Give Alembic's configuration, in code, over a connection of ours."""
    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Run the missing migrations in one transaction; of two processes one waits and finds nothing to do.

    Raises: ConfigError: the database is at a revision of a newer version of fusion, or cannot take
        our tables.

    """
    shown = masked(engine.url)
    found = revision(engine)
    if found is not None and found not in _known():
        raise ConfigError(
            f"database {shown} is at revision {found}, of a newer fusion; this one knows up to {HEAD}. "
            "Install that version, or name another database in [storage] url."
        )
    try:
        with _thread_lock, writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(_LOCK))
            command.upgrade(alembic_config(connection), "head")
    except DatabaseError as error:
        cure = "Name an empty database in [storage] url"
        raise ConfigError(
            f"database {shown} cannot take fusion's tables: {error.orig}. {cure}."
        ) from error


def _known() -> set[str]:
    return {
        script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    }
