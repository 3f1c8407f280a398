"""Bring a database to the newest revision, with Alembic."""

from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from fusion.errors import ConfigError
from storage.database.engine import revision, writing
from storage.database.errors import OlderDatabase
from storage.database.urls import masked
from storage.schema.inspection import require_own_revision
from storage.schema.tables import HEAD

_thread_lock = Lock()  # Alembic keeps its context in globals
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('fusion upgrade ' || current_schema()))"


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, made in code; there is no `alembic.ini`.

    Args:
        connection: that migrations run over; None where none will run.
    """
    config = Config()
    folder = Path(__file__).parent / "migrations"
    # Alembic's parser takes % for the start of a variable.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> None:
    """Run the missing migrations, all in one transaction.

    Of two processes that upgrade at once, one waits, and then has nothing to do.

    Args:
        engine: of our own database, of any revision or empty.

    Raises:
        ConfigError: the database is at a revision of a newer version of fusion, or cannot take our
            tables.
    """
    _refuse_newer(engine)
    try:
        with _thread_lock, writing(engine) as connection:
            # SQLite's writing transaction is a lock of its own.
            if engine.dialect.name == "postgresql":
                connection.execute(text(_LOCK))
            command.upgrade(alembic_config(connection), "head")
    except DatabaseError as error:
        raise ConfigError(
            f"database {masked(engine.url)} cannot take fusion's tables: {error.orig}. Name an "
            "empty database in [storage] url."
        ) from error


def require_newest(engine: Engine) -> None:
    """Refuse a database that is not at the newest revision, in a sentence with the cure.

    Args:
        engine: of our own database, which holds tables of fusion.

    Raises:
        OlderDatabase: it is at a revision before this one.
        ConfigError: it is at one of a newer version, or of another program.
    """
    _refuse_newer(engine)
    current = revision(engine)
    if current != HEAD:
        raise OlderDatabase(
            f"database {masked(engine.url)} is at revision {current}, of an older fusion; this one "
            f"needs {HEAD}. `fusion db upgrade` brings it up to date."
        )


def _refuse_newer(engine: Engine) -> None:
    current = revision(engine)
    if current is not None and current not in _known_revisions():
        require_own_revision(engine, current)
        raise ConfigError(
            f"database {masked(engine.url)} is at revision {current}, of a newer fusion; this one "
            f"knows up to {HEAD}. Install that version, or name another database in [storage] url."
        )


def _known_revisions() -> set[str]:
    scripts = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return {script.revision for script in scripts}
