"""Our own sender: a message as JSON over HTTP, signed by HMAC-SHA256."""

import hmac
import json
import ssl
import time
from base64 import b64encode
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import unquote, urlsplit

TIMESTAMP, SIGNATURE, KEY = "X-Fusion-Timestamp", "X-Fusion-Signature", "Idempotency-Key"
"""Headers of a webhook, as docs/notifications.md describes them."""


class Undelivered(Exception):
    """A receiver did not take a message; the text says why, and may hold parts of its URL."""


class Webhook:
    """A receiver that gets our JSON."""

    def __init__(self, url: str, secret: str | None) -> None:
        """Keep the address.

        Args:
            url: http or https; a user and password in it become HTTP's basic authentication.
            secret: key of the signature; None leaves messages unsigned.
        """
        self.url = url
        self.secret = secret

    def send(self, body: dict[str, Any], seconds: float) -> None:
        """Post a message; redirections are not followed.

        Args:
            body: of the message.
            seconds: for the connection, and for each part of the answer.

        Raises:
            Undelivered: no answer in time, or none that begins with 2.
        """
        parts = urlsplit(self.url)
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = self._headers(body["key"], content)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection = _connect(parts.scheme, parts.hostname or "", parts.port, seconds)
            try:
                connection.request("POST", target, content, headers)
                answer = connection.getresponse()
                status, reason = answer.status, answer.reason
            finally:
                connection.close()
        except (OSError, HTTPException, ValueError) as failure:
            raise Undelivered(f"{type(failure).__name__}: {failure}") from None
        if not 200 <= status < 300:
            raise Undelivered(f"it answered {status} {reason}")

    def _headers(self, key: str, content: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "fusion", KEY: key}
        parts = urlsplit(self.url)
        if parts.username is not None:
            account = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {b64encode(account.encode()).decode()}"
        if self.secret is not None:
            moment = str(int(time.time()))
            headers[TIMESTAMP] = moment
            headers[SIGNATURE] = f"v1={sign(self.secret, moment, content)}"
        return headers


def sign(secret: str, moment: str, content: bytes) -> str:
    """Sign a message together with its moment, so that an old one cannot be sent again.

    Args:
        secret: key.
        moment: seconds since 1970, as text.
        content: the body as it is sent.

    Returns:
        HMAC-SHA256 of the moment, a full stop and the body, as hex digits.
    """
    return hmac.new(secret.encode(), moment.encode() + b"." + content, sha256).hexdigest()


def _connect(scheme: str, host: str, port: int | None, seconds: float) -> HTTPConnection:
    if scheme.lower() == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=seconds, context=context)
    return HTTPConnection(host, port, timeout=seconds)
