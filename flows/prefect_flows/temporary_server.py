"""The temporary Prefect server of a schedule, which the processes of its flow runs share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.context import refresh_global_settings_context
from prefect.server.api.server import SubprocessASGIServer

from flows.prefect_flows.api import SETTING

PAGES = "PREFECT_UI_URL"


@contextmanager
def temporary_server() -> Iterator[None]:
    """Run a server for this process and all that it starts, as long as the block lasts.

    Left to itself Prefect starts a server in every process. The one of a flow run does not know
    the lease by which the schedule's own server holds its place, and cancels the run.

    Yields:
        Nothing: `PREFECT_API_URL` names the server meanwhile.
    """
    server = SubprocessASGIServer()
    server.start()
    # It serves no pages: without an address of them Prefect names none.
    addresses = {SETTING: server.api_url, PAGES: ""}
    os.environ.update(addresses)
    refresh_global_settings_context()
    try:
        yield
    finally:
        server.stop()
        for name in addresses:
            del os.environ[name]
        refresh_global_settings_context()
