"""A real Prefect server for the tests of this folder."""

import shutil
import signal
import subprocess
import sys

import pytest

from tests.flows.prefect_flows.prefect_server import Server, until
from tests.flows.world import EARLY, environment, fusion


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("prefect")
    made = Server(home)
    words = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(made.port),
    ]
    with (home / "log").open("w") as log:
        serving = subprocess.Popen(words, env=environment(**made.env), stdout=log, stderr=log)
    try:
        until(made.up, 90)
        yield made
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(timeout=60)


@pytest.fixture(scope="session")
def prefect_shop(server, bare, tmp_path_factory):
    """A shop whose first run went through the flow; gives its folder and how the command ended."""
    folder = tmp_path_factory.mktemp("prefect-shop") / "shop"
    shutil.copytree(bare, folder, ignore=shutil.ignore_patterns("runs", "fusion.db*"))
    return folder, fusion(folder, "run", "--as-of", EARLY, "--by", "ann", "--json", **server.env)
