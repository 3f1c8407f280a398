"""Nothing listens or calls out unasked: every socket of every process of a verb is looked at."""

import os
import signal
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest

from tests.flows.network.sockets import Sockets
from tests.flows.world import command, fusion

ASKING_ELSEWHERE = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=0.01)"
"""An address for documentation (RFC 5737), where nobody is."""


def test_a_process_that_calls_out_is_noticed(tmp_path):
    sockets = Sockets(tmp_path)
    inner = [sys.executable, "-c", ASKING_ELSEWHERE]
    outer = f"import subprocess; subprocess.run({inner})"
    subprocess.run([sys.executable, "-c", outer], env=sockets.environment, check=True)
    assert [line.split()[1] for line in sockets.elsewhere] == ["192.0.2.1"] * len(sockets.noted)
    assert sockets.noted


@pytest.mark.faults
def test_verbs_that_train_and_watch_speak_to_no_other_machine(own_shop, tmp_path):
    """A training uses no socket at all; the drawing of pages tries whether IPv6 is there."""
    sockets = Sockets(tmp_path)
    trained = fusion(own_shop, "run", **sockets.environment)
    assert trained.code in (0, 1, 4), trained.err
    assert sockets.noted == []
    watched = fusion(own_shop, "monitor", "--draw", **sockets.environment)
    assert watched.code in (0, 4), watched.err
    assert sockets.elsewhere == []


@pytest.mark.faults
def test_the_dashboards_listen_on_this_machine_and_ask_nobody(own_shop, tmp_path):
    sockets = Sockets(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serving = subprocess.Popen(
        command("ui", "--port", str(port)),
        cwd=own_shop,
        env=sockets.environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        for page in ("", "api/projects"):
            assert _status(f"http://127.0.0.1:{port}/{page}") == 200
    finally:
        os.kill(serving.pid, signal.SIGTERM)
        serving.wait(60)
    assert sockets.elsewhere == []
    assert any(line.startswith("socket.bind 127.0.0.1") for line in sockets.noted)


def _status(url: str) -> int:
    for _ in range(240):
        try:
            with urlopen(url) as answer:
                return int(answer.status)
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} never answered")
