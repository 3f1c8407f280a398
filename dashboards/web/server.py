"""A server of one application, until SIGINT or SIGTERM."""

import logging
import signal
import socket
from collections.abc import Callable

from dashboards.web.guard import Guard
from fusion.errors import ConfigError

log = logging.getLogger(__name__)


def serve(app: Guard, port: int, host: str, when_open: Callable[[], None]) -> None:
    """Serve a guarded application until SIGINT or SIGTERM. Main thread only.

    Args:
        app: behind its guard.
        port: to listen on.
        host: to listen on.
        when_open: called once the port answers.

    Raises:
        ConfigError: the port is taken.
    """
    with _bind(host, port) as listening:
        from uvicorn import Config, Server  # noqa: PLC0415 - takes half a second to import

        when_open()
        # What a client says of its own address is not believed.
        config = Config(app, log_level="warning", proxy_headers=False, server_header=False)
        server = Server(config)
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            log.info("dashboards closed")
        finally:
            signal.signal(signal.SIGTERM, before)


def _bind(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    # A port that was let go a moment ago can be taken again at once.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # Whoever asks from now on waits for the answer, and is not refused.
        listening.listen()
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port, or an "
            "address of this machine with --host"
        ) from error
    return listening
