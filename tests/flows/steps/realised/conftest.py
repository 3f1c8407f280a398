"""Planted shops, whose databases are closed when a test ends."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.steps.realised.planted import Planted
from tests.storage.making import end_lives

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
SQLITE = "sqlite:///fusion.db"


@pytest.fixture
def make_shop() -> Iterator[Callable[..., Planted]]:
    """Makes planted shops, by folder and seed."""
    made: list[Planted] = []

    def make(folder: Path, seed: int = 1, url: str = SQLITE) -> Planted:
        made.append(Planted.make(folder, url, seed))
        return made[-1]

    yield make
    for planted in made:
        end_lives(planted.session.engine)
        planted.session.engine.dispose()


@pytest.fixture
def planted_shop(make_shop, tmp_path: Path) -> Planted:
    """A planted shop on SQLite."""
    return make_shop(tmp_path)


@pytest.fixture(params=BOTH)
def any_shop(make_shop, request: pytest.FixtureRequest, tmp_path: Path) -> Planted:
    """A planted shop on each database."""
    is_sqlite = request.param == "sqlite"
    return make_shop(tmp_path, url=SQLITE if is_sqlite else request.getfixturevalue("postgres_url"))
