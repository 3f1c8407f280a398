"""The two databases, with our tables or empty."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from storage import StorageSettings, connect
from tests.postgres import own_database
from tests.storage.making import end_lives

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that the migrations made, which take most of a test's time if run anew."""
    file = tmp_path_factory.mktemp("migrated") / "fusion.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_migrated(postgres_server: URL) -> Iterator[str]:
    """The name of the same on PostgreSQL, to be copied as a template."""
    with own_database(postgres_server) as url:
        _migrate(url.render_as_string(hide_password=False))
        yield str(url.database)


def _migrate(url: str) -> None:
    connect(StorageSettings(url=url), migrate=True).dispose()


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each kind: empty, but with our tables where a test asks for its engine."""
    has_tables = "engine" in request.fixturenames
    if request.param == "sqlite":
        file = tmp_path / "fusion.db"
        if has_tables:
            shutil.copy(request.getfixturevalue("migrated"), file)
        yield f"sqlite:///{file}"
        return
    template = request.getfixturevalue("postgres_migrated") if has_tables else "template0"
    with own_database(request.getfixturevalue("postgres_server"), template) as made:
        yield made.render_as_string(hide_password=False)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A database of each kind, with our tables."""
    engine = connect(StorageSettings(url=url), migrate=True)
    yield engine
    end_lives(engine)
    engine.dispose()
