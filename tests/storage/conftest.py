from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage import StorageSettings, connect
from tests.storage.making import end_lives

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fusion.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A database of each kind, with our tables."""
    engine = connect(StorageSettings(url=url), migrate=True)
    yield engine
    end_lives(engine)
    engine.dispose()
