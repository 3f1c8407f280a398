"""One training of the market, which all cases of rules share."""

import shutil

import pytest

from tests.flows.rules.market import Market, write_market


@pytest.fixture(scope="session")
def trained_market(tmp_path_factory):
    """A market published without rules; its store has all stages but lists with rules."""
    folder = tmp_path_factory.mktemp("market")
    write_market(folder)
    market = Market(folder, folder / "plain.db")
    market.follow("")
    market.run()
    return market


@pytest.fixture
def market(trained_market, tmp_path):
    """The same files and store, with a database that nothing was published to."""
    return Market(trained_market.folder, tmp_path / "lists.db")


@pytest.fixture
def published_market(trained_market, market):
    """The same with a run that is live and follows no rules."""
    shutil.copy(trained_market.database, market.database)
    return market
