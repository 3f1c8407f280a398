"""A real HTTP server on loopback that takes webhooks, and keeps what it got."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    """What came, and how the server answers.

    Attributes:
        url: of the server.
        bodies: as bytes, in their order.
        headers: of each.
        status: of answers.
        delay: seconds before an answer.
    """

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 204
    delay: float = 0.0

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    @property
    def events(self) -> list[str]:
        return [message["event"] for message in self.messages]


@contextmanager
def receiving(port: int = 0) -> Iterator[Received]:
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(received.delay)
            if received.status < 300:
                received.bodies.append(body)
                received.headers.append(dict(self.headers))
            try:
                self.send_response(received.status)
                self.end_headers()
            except OSError:
                pass  # who sent it did not wait

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    received.url = f"http://127.0.0.1:{server.server_port}/T0K3NPART/hook?key=QUERYSECRET"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
