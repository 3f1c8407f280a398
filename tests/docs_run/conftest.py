"""The shop that blocks are run on, made once; each page has copies of its own."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, NullPool, create_engine, text

from tests.docs_run.place import Place
from tests.docs_run.world import CONFIG, publish_two_runs, raise_alert, well, write_files
from tests.flows.world import database

_number = count()


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three files of data."""
    folder = tmp_path_factory.mktemp("files")
    write_files(folder)
    return folder


@pytest.fixture(scope="session")
def shop(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration, an SQLite database and two published runs."""
    folder = shutil.copytree(files, tmp_path_factory.mktemp("made") / "shop")
    publish_two_runs(folder)
    return folder


def _statement(server: URL, words: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(words))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_shop(
    shop: Path, tmp_path_factory: pytest.TempPathFactory, postgres_server: URL
) -> Iterator[tuple[Path, URL]]:
    """The same with one run in a PostgreSQL, made of the stages in the shop's store."""
    name = f"fusion_docs_{os.getpid()}"
    _statement(postgres_server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    url = postgres_server.set(database=name)
    folder = shutil.copytree(shop, tmp_path_factory.mktemp("postgres") / "shop")
    (folder / "fusion.toml").write_text(CONFIG + _storage(url))
    well(folder, "run")
    raise_alert(url.render_as_string(hide_password=False))
    yield folder, url
    _statement(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def _storage(url: URL) -> str:
    return f'\n[storage]\nurl = "{url.render_as_string(hide_password=False)}"\n'


@pytest.fixture
def own_postgres_shop(
    postgres_shop: tuple[Path, URL], postgres_server: URL, tmp_path: Path
) -> Iterator[Place]:
    """A copy of that folder and that database, for one page."""
    made, url = postgres_shop
    name = f"{url.database}_{next(_number)}"
    _statement(postgres_server, f"CREATE DATABASE {name} TEMPLATE {url.database}")
    folder = shutil.copytree(made, tmp_path / "postgres" / "shop")
    own = url.set(database=name)
    (folder / "fusion.toml").write_text(CONFIG + _storage(own))
    yield Place(folder, own.render_as_string(hide_password=False))
    _statement(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def place_of(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """A function that gives the page's own place by `in` of its blocks and the database."""
    places: dict[tuple[str, str], Place] = {}

    def _open(kind: str, on: str) -> Place:
        if (kind, on) not in places:
            places[kind, on] = _make(kind, on)
        return places[kind, on]

    def _make(kind: str, on: str) -> Place:
        if on == "postgresql":
            return request.getfixturevalue("own_postgres_shop")
        folder = shutil.copytree(request.getfixturevalue(kind), tmp_path / on / kind)
        return Place(folder, database(folder))

    yield _open
    for place in places.values():
        place.close()
