"""A real Prefect server for the tests of this folder."""

import pytest

from tests.flows.prefect_flows.prefect_server import Server
from tests.flows.world import EARLY, fusion, make_shop


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("prefect"))
    with made.serving():
        yield made


@pytest.fixture(scope="session")
def prefect_shop(server, tmp_path_factory):
    """A shop whose first run went through the flow; gives its folder and how the command ended."""
    folder = tmp_path_factory.mktemp("prefect-shop")
    make_shop(folder)
    return folder, fusion(folder, "run", "--as-of", EARLY, "--by", "ann", "--json", **server.env)
