"""Runs that are made once and looked at by many tests."""

import shutil

import pytest

from tests.flows.world import EARLY, fusion, make_shop


@pytest.fixture(scope="session")
def shop_made(tmp_path_factory):
    """A shop with two published runs, the first as of an early moment, made by the command line; read only."""
    folder = tmp_path_factory.mktemp("shop")
    make_shop(folder)
    ended = [fusion(folder, "run", "--as-of", EARLY, "--json", "--by", "ann"), fusion(folder, "run", "--json")]
    return folder, ended


@pytest.fixture(scope="session")
def shop(shop_made):
    """The folder of a shop with two published runs; tests leave it as it is."""
    return shop_made[0]


@pytest.fixture
def own_shop(shop, tmp_path):
    """A copy of the shop that the test may change."""
    return shutil.copytree(shop, tmp_path / "shop")


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """A shop without any run; tests leave its files as they are."""
    folder = tmp_path_factory.mktemp("bare")
    make_shop(folder)
    return folder
