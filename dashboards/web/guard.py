"""An ASGI wrapper that makes an application read-only and keeps pages of other origins out.

A server on loopback is reached by every page that a browser of this machine shows. Such a page may
send a form (cross-site request forgery), or let its own name mean 127.0.0.1 and read the answers
(DNS rebinding). The header Host tells the second, Origin and Sec-Fetch-Site tell the first.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset(("127.0.0.1", "localhost", "[::1]"))
"""Names of this machine, as Host gives them."""
HOST = re.compile(r"(?P<name>[^:]+|\[[0-9a-f:]+\])(:[0-9]+)?")
"""A header Host: a name, and a port. The port may be another than ours, that of a tunnel."""
READING = ("GET", "HEAD")
HEADERS = {
    # Nothing is fetched from elsewhere or sent there, also where a text slips through as markup.
    # The pages of Evidently need inline scripts and styles, and `eval` for their plots.
    "content-security-policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
        "frame-ancestors 'self'; form-action 'none'; base-uri 'self'; object-src 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
}
"""Headers of every answer."""


class Guard:
    """An application that only reads, behind checks of Host, Origin and method."""

    def __init__(self, app: Application, host: str, queries: Iterable[str] = ()) -> None:
        """Wrap an application.

        Args:
            app: what is shown.
            host: the address that is listened on; it may be named beside those of loopback.
            queries: regular expressions of whole paths that may be asked by POST, since they read.
        """
        self.app = app
        self.names = LOOPBACK | {host.lower()}
        self.queries = [re.compile(query) for query in queries]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let the application start and end.

        Args:
            scope: of ASGI.
            receive: of ASGI.
            send: of ASGI.
        """
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            # No page here needs a socket, which browsers open across origins without asking.
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope)
        if refusal:
            await _answer(send, *refusal)
            return
        await self.app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and sentence of a refused request; None for one that is let through."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return 403, "this server answers to names of its own machine only"
        # A page of ours has the very Host that it asks, with its port.
        if _values(scope, b"origin") not in ([], [f"http://{hosts[0]}"]):
            return 403, "pages of other origins get nothing here"
        if _is_fetched_by_another_site(scope):
            return 403, "pages of other sites may link here, and fetch nothing"
        if scope["method"] in READING or self._is_query(scope):
            return None
        return 405, "nothing can be changed here: this server only reads"

    def _is_own(self, host: str) -> bool:
        parts = HOST.fullmatch(host)
        return parts is not None and parts["name"] in self.names

    def _is_query(self, scope: Scope) -> bool:
        is_known = any(query.fullmatch(scope["path"]) for query in self.queries)
        return scope["method"] == "POST" and is_known


def _is_fetched_by_another_site(scope: Scope) -> bool:
    """Recognise what a page of another site asked, and not a person who followed a link there."""
    is_foreign = _values(scope, b"sec-fetch-site") in (["cross-site"], ["same-site"])
    return is_foreign and _values(scope, b"sec-fetch-mode") != ["navigate"]


def _values(scope: Scope, name: bytes) -> list[str]:
    """Return the values of a header, in lower case; a header may be sent twice."""
    headers = scope["headers"]
    return [value.decode("latin-1").lower() for key, value in headers if key.lower() == name]


def _with_headers(send: Send) -> Send:
    """Add the headers of every answer to those of the application."""

    async def _send(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [pair for pair in message.get("headers", ()) if not _is_ours(pair[0])]
            message = {**message, "headers": [*own, *_encoded(HEADERS)]}
        await send(message)

    return _send


def _is_ours(name: bytes) -> bool:
    return name.decode("latin-1").lower() in HEADERS


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def _answer(send: Send, status: int, sentence: str) -> None:
    body = f"{sentence}\n".encode()
    headers = {**HEADERS, "content-type": "text/plain", "content-length": str(len(body))}
    if status == 405:
        headers["allow"] = ", ".join(READING)
    start = {"type": "http.response.start", "status": status, "headers": _encoded(headers)}
    await send(start)
    await send({"type": "http.response.body", "body": body})
