"""The temporary Prefect server of a schedule or a demo, which all its flow runs share."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.context import refresh_global_settings_context
from prefect.logging.handlers import APILogHandler
from prefect.settings import get_current_settings

from flows.prefect_flows.api import SETTING, is_reachable
from fusion.errors import Temporary

log = logging.getLogger(__name__)
PAGES = "PREFECT_UI_URL"
NO_PAGES = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_FINAL": "1"}
SECONDS_TO_END = 10.0


@contextmanager
def temporary_server() -> Iterator[None]:
    """Run a server for this process and all that it starts, as long as the block lasts.

    Left to itself Prefect starts a server in every process. The one of a flow run does not know
    the lease by which the schedule's own server holds its place, and cancels the run. Nor does a
    server that Prefect starts by itself plan what a cron asks for: it leaves that service out.

    Yields:
        Nothing: `PREFECT_API_URL` names the server meanwhile.

    Raises:
        Temporary: the server did not start.
    """
    port = _free_port()
    server = _start(port)
    # It serves no pages: without an address of them Prefect names none.
    addresses = {SETTING: f"http://127.0.0.1:{port}/api", PAGES: ""}
    try:
        _wait(server, addresses[SETTING])
        os.environ.update(addresses)
        refresh_global_settings_context()
        yield
    finally:
        # Without a server whatever was logged last would be tried for a minute.
        APILogHandler().flush()
        _end(server)
        for name in addresses:
            os.environ.pop(name, None)
        refresh_global_settings_context()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _start(port: int) -> subprocess.Popen[bytes]:
    """Start the server as Prefect's own command does, listening on this machine alone."""
    log.info("temporary Prefect server at http://127.0.0.1:%d", port)
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    application = ["--factory", "prefect.server.api.server:create_app", "--lifespan", "on"]
    line = [sys.executable, "-m", "uvicorn", *application, *options]
    # A group of its own: Ctrl+C, which a terminal sends to a whole group, ends flow runs first, and
    # they have a server left to tell so.
    return subprocess.Popen(line, env={**os.environ, **NO_PAGES}, process_group=0)


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + get_current_settings().server.ephemeral.startup_timeout_seconds
    while not is_reachable(url):
        if server.poll() is not None or time.monotonic() > end:
            raise Temporary(
                f"the temporary Prefect server at {url} did not start; what it says stands above. "
                "Try again, or name a server of your own in PREFECT_API_URL"
            )
        time.sleep(0.1)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
