"""A server of one application on this machine, until SIGINT or SIGTERM."""

import logging
import signal
import socket
from collections.abc import Callable, Iterable

from dashboards.web.guard import Application, Guard
from fusion.errors import ConfigError

log = logging.getLogger(__name__)


def serve_guarded(
    make: Callable[[], Application], port: int, host: str = "127.0.0.1", queries: Iterable[str] = ()
) -> None:
    """Serve an application behind `Guard` until SIGINT or SIGTERM. Main thread only.

    There is no login: whoever has an account on the machine reads what is shown. Leave `host` alone
    unless something in front of it asks who they are.

    Args:
        make: makes the application; called when the port is ours, since it may take seconds.
        port: to listen on.
        host: to listen on.
        queries: as `Guard` takes them.

    Raises:
        ConfigError: the port is taken.
    """
    with _bind(host, port) as listening:
        from uvicorn import Config, Server  # noqa: PLC0415 - takes half a second to import

        guarded = Guard(make(), host, queries)
        server = Server(Config(guarded, log_level="warning"))
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            log.info("dashboards closed")
        finally:
            signal.signal(signal.SIGTERM, before)


def _bind(host: str, port: int) -> socket.socket:
    listening = socket.socket()
    # A port that was let go a moment ago can be taken again at once.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port"
        ) from error
    return listening
