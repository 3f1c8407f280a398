"""Metrics over HTTP, while a schedule is served."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from flows.failures import describe_failure
from flows.session import Session
from flows.steps.metrics.exposition import CONTENT_TYPE
from flows.steps.metrics.state import metrics_text
from fusion.errors import ConfigError

log = logging.getLogger(__name__)
LOOPBACK = "127.0.0.1"
PATH = "/metrics"


@contextmanager
def serving_metrics(config: Path, port: int | None, host: str = LOOPBACK) -> Iterator[None]:
    """Answer Prometheus while a block runs.

    Args:
        config: the configuration file, read anew for each answer.
        port: that is listened on; None serves nothing.
        host: address that is listened on.

    Yields:
        Nothing.

    Raises:
        ConfigError: the address is taken, or is none of this machine.
    """
    if port is None:
        yield
        return
    server = open_server(lambda: _measure(config), port, host)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def open_server(measure: Callable[[], str], port: int, host: str) -> ThreadingHTTPServer:
    """Open a server that answers GET /metrics, and nothing else.

    Args:
        measure: returns the text.
        port: 0 for any that is free.
        host: address that is listened on.

    Returns:
        The server, not serving yet.

    Raises:
        ConfigError: the address is taken, or is none of this machine.
    """

    class _Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.partition("?")[0] != PATH:
                self._answer(404, f"there is {PATH} and nothing else\n")
                return
            try:
                self._answer(200, measure())
            # The edge of a request: a scrape that fails is a gap in a graph, and a line of the log.
            except Exception as failure:
                log.warning("no metrics: %s", describe_failure(failure)[1])
                self._answer(503, "no metrics now; the log says why\n")

        def _answer(self, status: int, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a scrape each minute would bury the log."""

    _Handler.timeout = 10
    try:
        return ThreadingHTTPServer((host, port), _Handler)
    except OSError as refused:
        raise ConfigError(
            f"metrics cannot be served on {host} port {port}: {refused.strerror}; name another by "
            "--metrics-port or --metrics-host"
        ) from refused


def _measure(config: Path) -> str:
    session = Session.open(config, read_only=True)
    try:
        return metrics_text(session)
    finally:
        if "engine" in vars(session):
            session.engine.dispose()
