"""A receiver of webhooks that trusts nobody; it needs `FUSION_NOTIFY__SECRET`.

It verifies the signature, refuses what is older than five minutes, and takes each message once.
docs/notifications.md describes headers and body.
"""

import argparse
import hmac
import json
import os
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_AGE = 300
"""Seconds after which a message is refused: who recorded it could send it again."""
MAX_BYTES = 1_000_000


def is_genuine(secret: str, moment: str, signature: str, body: bytes, now: float) -> bool:
    """Say whether a message was signed with the secret, a short while ago."""
    expected = hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()
    # In constant time, so that nobody can guess the signature digit by digit.
    if not hmac.compare_digest(f"v1={expected}".encode(), signature.encode()):
        return False
    return moment.isdigit() and abs(now - int(moment)) <= MAX_AGE


def make_server(secret: str, port: int, take: Callable[[dict], None]) -> ThreadingHTTPServer:
    """Return a server on loopback that hands each new message over."""
    # In earnest keep the keys in a database: a restart forgets these.
    taken: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            if length > MAX_BYTES:
                self.send_error(413)
                return
            body = self.rfile.read(length)
            moment = self.headers.get("X-Fusion-Timestamp", "")
            signature = self.headers.get("X-Fusion-Signature", "")
            if not is_genuine(secret, moment, signature, body, time.time()):
                self.send_error(401)
                return
            message = json.loads(body)
            if message["key"] not in taken:
                take(message)
                taken.add(message["key"])
            self.send_response(204)
            self.end_headers()

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def show(message: dict) -> None:
    """Print a message: put your own pager, chat or ticket here."""
    print(f"{message['title']}\n{message['text']}\n", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    options = parser.parse_args()
    make_server(os.environ["FUSION_NOTIFY__SECRET"], options.port, show).serve_forever()
