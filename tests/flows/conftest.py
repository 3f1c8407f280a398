"""Runs that are made once and looked at by many tests."""

import os
import shutil
from datetime import UTC, datetime

import pytest
from sqlalchemy import NullPool, create_engine, text

from flows.session import Session
from flows.steps.retrain.loop import run_loop
from tests.flows.calling import call_main
from tests.flows.world import EARLY, fusion, make_shop

# Whoever reads another language at their terminal runs the same tests.
os.environ["LC_ALL"] = "C.UTF-8"


@pytest.fixture(scope="session")
def shop_made(tmp_path_factory):
    """A shop with two runs published by the command line, the first of early; read only."""
    folder = tmp_path_factory.mktemp("shop")
    make_shop(folder)
    ended = [
        fusion(folder, "run", "--as-of", EARLY, "--json", "--by", "ann"),
        call_main(folder, "run", "--json"),
    ]
    return folder, ended


@pytest.fixture(scope="session")
def shop(shop_made):
    """The folder of a shop with two published runs; tests leave it as it is."""
    return shop_made[0]


@pytest.fixture
def own_shop(shop, tmp_path):
    """A copy of the shop that the test may change."""
    return shutil.copytree(shop, tmp_path / "shop")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A shop without any run; tests leave its files as they are, but a verb may make a database."""
    folder = tmp_path_factory.mktemp("bare")
    make_shop(folder)
    return folder


def _statement(server, words: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(words))
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_shop(tmp_path_factory, postgres_server):
    """The same shop and the same two runs on PostgreSQL, made by the plain functions; read only."""
    name = f"fusion_shop_{os.getpid()}"
    _statement(postgres_server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    url = postgres_server.set(database=name).render_as_string(hide_password=False)
    config = make_shop(
        tmp_path_factory.mktemp("postgres-shop"), more=f'\n[storage]\nurl = "{url}"\n'
    )
    session = Session.open(config, by="ann")
    run_loop(session, datetime.fromisoformat(EARLY).replace(tzinfo=UTC))
    run_loop(session)
    session.engine.dispose()
    yield config
    _statement(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def two_runs(request):
    """A session over two published runs, on each database; tests leave them as they are."""
    if request.param == "sqlite":
        session = Session.open(request.getfixturevalue("shop") / "fusion.toml")
    else:
        session = Session.open(request.getfixturevalue("postgres_shop"))
    yield session
    session.engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def own_runs(request, tmp_path):
    """The same as a copy that the test may change."""
    if request.param == "sqlite":
        session = Session.open(request.getfixturevalue("own_shop") / "fusion.toml", by="bea")
        yield session
        session.engine.dispose()
        return
    made, server = (
        request.getfixturevalue("postgres_shop"),
        request.getfixturevalue("postgres_server"),
    )
    folder = shutil.copytree(made.parent, tmp_path / "shop")
    name = f"fusion_shop_{os.getpid()}"
    _statement(server, f"CREATE DATABASE {name}_copy TEMPLATE {name}")
    config = folder / "fusion.toml"
    config.write_text(config.read_text().replace(name, f"{name}_copy"))
    session = Session.open(config, by="bea")
    yield session
    session.engine.dispose()
    _statement(server, f"DROP DATABASE {name}_copy WITH (FORCE)")
