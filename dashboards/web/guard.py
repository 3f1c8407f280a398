"""An ASGI wrapper that lets an application only read, but for what is named, and for its own pages.

A server on loopback is reached by every page that a browser of this machine shows. Such a page may
send a form (cross-site request forgery), or let its own name mean 127.0.0.1 and read the answers
(DNS rebinding). The header Host tells the second, Origin and Sec-Fetch-Site tell the first.
"""

import re
from collections.abc import Iterable

from dashboards.ui_settings import is_loopback
from dashboards.web.messages import (
    Application,
    Receive,
    Scope,
    Send,
    answer_text,
    header_values,
    with_headers,
)

LOOPBACK = frozenset(("127.0.0.1", "localhost", "[::1]"))
"""Names of this machine, as Host gives them."""
HOST = re.compile(r"(?P<name>[^:]+|\[[0-9a-f:]+\])(:[0-9]+)?")
"""A header Host: a name, and a port. The port may be another than ours, that of a tunnel."""
READING = ("GET", "HEAD")
HEADERS = {
    "cross-origin-resource-policy": "same-origin",
    # Without any referrer browsers would send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
}
"""Headers of every answer."""
POLICY = "content-security-policy"
SCRIPTLESS = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
"""What a page without script may do: load styles and pictures of this port."""
SCRIPTED = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "frame-ancestors 'self'; form-action 'none'; base-uri 'self'; object-src 'none'"
)
"""What pages of Evidently need: inline scripts and styles, and `eval` for their plots.

Nothing is fetched from elsewhere or sent there, also where a text slips through as markup.
"""


class Guard:
    """An application behind checks of Host, Origin and method; it reads, but for what is named."""

    def __init__(
        self,
        app: Application,
        host: str,
        queries: Iterable[str] = (),
        scripted: tuple[str, ...] = (),
        names: Iterable[str] = (),
        writes: Iterable[str] = (),
    ) -> None:
        """Wrap an application.

        Args:
            app: what is shown.
            host: the address that is listened on; it may be named beside those of loopback.
            queries: regular expressions of whole paths that may be asked by POST, since they read.
            scripted: beginnings of the paths of pages that need scripts.
            names: further names that are answered to, such as that of a proxy in front.
            writes: regular expressions of whole paths that pages of this origin may post to.
        """
        self.app = app
        self.names = LOOPBACK | {_bracketed(host).lower(), *(name.lower() for name in names)}
        self.scripted = scripted
        self.queries = [re.compile(query) for query in queries]
        self.writes = [re.compile(path) for path in writes]

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
        policy = SCRIPTED if scope["path"].startswith(self.scripted) else SCRIPTLESS
        await self.app(scope, receive, with_headers(send, {**HEADERS, POLICY: policy}))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and sentence of a refused request; None for one that is let through."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            return 403, (
                "this server answers to names of its own machine only, and to `names` in [ui] of "
                "its configuration"
            )
        if _values(scope, b"origin") not in ([], *_origins(hosts[0])):
            return 403, "pages of other origins get nothing here"
        if _is_fetched_by_another_site(scope):
            return 403, "pages of other sites may link here, and fetch nothing"
        return self._refusal_of_writing(scope)

    def _refusal_of_writing(self, scope: Scope) -> tuple[int, str] | None:
        if scope["method"] in READING or self._is_posted_to(scope, self.queries):
            return None
        if not self._is_posted_to(scope, self.writes):
            return 405, "nothing can be changed here: this server only reads"
        # What writes must say where it comes from: programs have verbs.
        if not _values(scope, b"origin") and _values(scope, b"sec-fetch-site") != ["same-origin"]:
            return 403, "a form is taken from pages of this server alone"
        return None

    def _is_own(self, host: str) -> bool:
        parts = HOST.fullmatch(host)
        return parts is not None and parts["name"] in self.names

    @staticmethod
    def _is_posted_to(scope: Scope, paths: Iterable[re.Pattern[str]]) -> bool:
        is_known = any(path.fullmatch(scope["path"]) for path in paths)
        return scope["method"] == "POST" and is_known


def _origins(host: str) -> list[list[str]]:
    """Return what a page of ours says of itself: the very Host that it asks, with its port."""
    plain, encrypted = [f"http://{host}"], [f"https://{host}"]
    parts = HOST.fullmatch(host)
    # A proxy in front may speak TLS; on this machine nothing of ours does.
    is_own_machine = parts is None or is_loopback(parts["name"].strip("[]"))
    return [plain] if is_own_machine else [plain, encrypted]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_fetched_by_another_site(scope: Scope) -> bool:
    """Recognise what a page of another site asked, and not a person who followed a link there."""
    is_foreign = _values(scope, b"sec-fetch-site") in (["cross-site"], ["same-site"])
    return is_foreign and _values(scope, b"sec-fetch-mode") != ["navigate"]


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.lower() for value in header_values(scope, name)]


async def _answer(send: Send, status: int, sentence: str) -> None:
    headers = {**HEADERS, POLICY: SCRIPTLESS}
    if status == 405:
        headers["allow"] = ", ".join(READING)
    await answer_text(send, status, sentence, headers)
