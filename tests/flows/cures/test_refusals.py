"""Every refusal of a verb names a cure that works: it is carried out, and the verb goes on.

Nothing trains here: a training that would begin is the proof that its refusal is gone.
"""

import os
import shutil

import pytest
from sqlalchemy import NullPool, create_engine, text

from fusion.training import fits
from fusion.training.sources import RANDOM_SOURCE
from tests.flows.cures import refusals_of_commands, refusals_of_settings
from tests.flows.cures.own_checks import cases as own_checks
from tests.flows.cures.shelf import Shelf
from tests.flows.cures.side_information import cases as side_information
from tests.flows.cures.sites import sites

REFUSALS = [
    *refusals_of_settings.REFUSALS,
    *refusals_of_commands.REFUSALS,
    *own_checks.REFUSALS,
    *side_information.REFUSALS,
]

fit_side_by_side = fits._fit_side_by_side


class Began(Exception):
    """A training began."""


def begin(task, sources):
    """Fit the control alone, which every run has, and nothing that somebody configured."""
    if {source.name for source in sources} == {RANDOM_SOURCE.name}:
        return fit_side_by_side(task, sources)
    raise Began


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A shelf that can be trained on, with its tables."""
    shelf = Shelf(tmp_path_factory.mktemp("clean"))
    shelf.fill()
    assert shelf.call("db", "upgrade").code == 0
    return shelf


@pytest.fixture
def shelf(clean, tmp_path, monkeypatch):
    monkeypatch.setattr(fits, "_fit_side_by_side", begin)
    return Shelf(shutil.copytree(clean.folder, tmp_path / "shelf"))


def speaks(refusal, message):
    """Whether a message is that of the refusal's site; one put together elsewhere, by its words."""
    site = sites()[refusal.site]
    return site.made(message) if site.fragments else refusal.says in message


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.site}-{refusal.says}")
def test_a_cure_that_is_carried_out_ends_the_refusal(shelf, refusal):
    refusal.plant(shelf)
    refused = shelf.call(*refusal.words, **refusal.env)
    assert refused.code in (1, 2), refused
    assert speaks(refusal, refused.message), refused.message
    assert refusal.says in refused.message
    refusal.do(shelf)
    env = refusal.env if refusal.then_env is None else refusal.then_env
    again = shelf.call(*(refusal.then or refusal.words), **env)
    went_on = isinstance(again.failure, Began) or not again.message
    assert went_on, again.message


def test_a_place_that_cannot_be_used_and_another(shelf):
    refused = shelf.call("init", "log.csv", "--config", "log.csv/new.toml")
    assert refused.code == 2
    assert refused.message.endswith("Name another place, or allow writing there.")
    assert not shelf.call("init", "log.csv", "--config", "new.toml").message


@pytest.mark.postgres
def test_a_database_that_is_not_there_and_one_that_is(shelf, postgres_server):
    name = f"fusion_cures_{os.getpid()}"
    url = postgres_server.set(database=name).render_as_string(hide_password=False)
    refused = shelf.call("status", FUSION_STORAGE__URL=url)
    assert refused.code == 2
    assert sites()["storage/database/postgres_errors.py:translate_postgres#1"].made(refused.message)
    assert "Check [storage] url" in refused.message
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
        assert not shelf.call("status", FUSION_STORAGE__URL=url).message
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.postgres
def test_a_pooler_that_drops_the_schema_and_the_setting_that_it_cannot_drop(
    shelf, postgres_url, pooled
):
    url = pooled(postgres_url, ignore_startup_parameters="options")
    refused = shelf.call("status", FUSION_STORAGE__URL=f"{url}?options=-csearch_path%3Dshop")
    assert refused.code == 2
    assert sites()["storage/database/postgres_session.py:_require_schema"].made(refused.message)
    assert "name the schema as `schema` in [storage]" in refused.message
    assert not shelf.call("status", FUSION_STORAGE__URL=url, FUSION_STORAGE__SCHEMA="shop").message
