"""An ASGI wrapper that asks who somebody is, and takes forms from nobody else's pages.

Who they are is known by the account of the machine, by a token, or by a header of a proxy.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs

from dashboards.pages.visitor import DONE, FORM, VISITOR, Visitor
from dashboards.web.login import LOGIN, is_name, login_page, own_path, to_login
from dashboards.web.messages import (
    Application,
    Receive,
    Scope,
    Send,
    answer_text,
    cookie,
    header_values,
    read_form,
    with_cookie,
)
from dashboards.web.seal import Seal
from dashboards.web.tries import Tries

OPEN = frozenset(("/assets/page.css", "/assets/icon.svg"))
"""Paths that everybody gets: what the page that asks for the token is made of."""
HOURS_12 = 12 * 3600
"""Seconds after which somebody logs in anew, and a form is good no more."""
MINUTES_5 = 300
"""Seconds in which a page says what was done."""


@dataclass(frozen=True)
class Asks:
    """What is asked of whoever comes.

    Attributes:
        token: that they type, or send as `Authorization: Bearer`; "" for none.
        header: in which a proxy says who they are, lower case; "" where none is believed.
        user: the name of everybody where neither is asked for.
        write: whether they may write.
    """

    token: str = ""
    header: str = ""
    user: str = ""
    write: bool = False


@dataclass(frozen=True)
class Session:
    """What a cookie of ours says.

    Attributes:
        key: of the session.
        name: of the person.
    """

    key: str
    name: str


class Door:
    """An application behind the question who somebody is."""

    def __init__(self, app: Application, asks: Asks, writes: str = "") -> None:
        """Wrap an application.

        Args:
            app: what they get to see; in front of this door stands a `Guard`.
            asks: what is asked.
            writes: regular expression of whole paths that forms are posted to.
        """
        self.app = app
        self.asks = asks
        self.writes = re.compile(writes)
        self.seal = Seal()
        self.tries = Tries()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Args:
            scope: of ASGI.
            receive: of ASGI.
            send: of ASGI.
        """
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
        elif scope["path"] == LOGIN and self.has_login:
            await self._log_in(scope, receive, send)
        else:
            await self._let_in(scope, receive, send)

    @property
    def has_login(self) -> bool:
        """Tell whether people log in here, with the token."""
        return bool(self.asks.token) and not self.asks.header

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = self._identify(scope)
        if name is None:
            await self._refuse(scope, receive, send)
            return
        is_form = scope["method"] == "POST" and self.writes.fullmatch(scope["path"]) is not None
        if not name or not self.asks.write:
            if is_form:
                sentence = "with the token alone programs only read: they have verbs to write"
                await answer_text(send, 403, sentence, {})
                return
            await self.app(scope, receive, send)
            return
        session = self._session(scope)
        if session is None or session.name != name:
            session = Session(secrets.token_urlsafe(16), name)
            send = with_cookie(send, self._cookie_of(scope, session))
        if is_form and not await self._take_form(scope, receive, send, session):
            return
        scope[VISITOR] = self._visitor(scope, session)
        await self.app(scope, receive, send)

    async def _take_form(
        self, scope: Scope, receive: Receive, send: Send, session: Session
    ) -> bool:
        """Read a form into the scope; one without the proof of its session is answered here."""
        form = await read_form(scope, receive)
        if form is None:
            await answer_text(send, 400, "this is no form of these pages", {})
            return False
        if self.seal.read("form", form.get("proof", "")) != session.key:
            sentence = "this form is good no more: load its page again. Nothing was done"
            await answer_text(send, 403, sentence, {})
            return False
        scope[FORM] = form
        return True

    def _visitor(self, scope: Scope, session: Session) -> Visitor:
        purpose = f"done {session.key}"
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=100)
        return Visitor(
            session.name,
            self.seal.sign("form", session.key, HOURS_12),
            lambda done: self.seal.sign(purpose, done, MINUTES_5),
            self.seal.read(purpose, query.get(DONE, [""])[-1]) or "",
        )

    def _identify(self, scope: Scope) -> str | None:
        """Return who asks: a name, "" for a program with the token, None for nobody."""
        if self.asks.header:
            named = header_values(scope, self.asks.header.encode())
            # With a token as well, whoever goes round the proxy has to know it, too.
            is_proxy = not self.asks.token or self._has_bearer(scope)
            return named[0] if is_proxy and len(named) == 1 and is_name(named[0]) else None
        if not self.asks.token:
            return self.asks.user
        if header_values(scope, b"authorization"):
            return "" if self._has_bearer(scope) else None
        session = self._session(scope)
        return session.name if session else None

    def _has_bearer(self, scope: Scope) -> bool:
        values = header_values(scope, b"authorization")
        kind, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        return kind.lower() == "bearer" and self._is_token(scope, token)

    def _is_token(self, scope: Scope, given: str) -> bool:
        """Compare a token, in a time that says nothing of it; who was wrong too often is wrong."""
        address = str((scope.get("client") or ("",))[0])
        if not self.tries.may(address):
            return False
        is_right = hmac.compare_digest(given.encode(), self.asks.token.encode())
        if not is_right:
            self.tries.failed(address)
        return is_right

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        wants_page = "text/html" in "".join(header_values(scope, b"accept"))
        if self.has_login and wants_page and scope["method"] == "GET":
            await to_login(scope)(scope, receive, send)
            return
        if self.asks.header:
            sentence = "the proxy in front has to say who you are, and did not"
        else:
            sentence = "the token is missing or wrong; after ten wrong ones wait five minutes"
        await answer_text(send, 401, sentence, {"www-authenticate": "Bearer"})

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await login_page(scope)(scope, receive, send)
            return
        form = await read_form(scope, receive) or {}
        name = form.get("name", "").strip()
        # The token first: without it nobody learns what else is wrong.
        if not self._is_token(scope, form.get("token", "")):
            await login_page(scope, 401, "token")(scope, receive, send)
        elif not is_name(name):
            await login_page(scope, 400, "name")(scope, receive, send)
        else:
            session = Session(secrets.token_urlsafe(16), name)
            send = with_cookie(send, self._cookie_of(scope, session))
            await own_path(form.get("next", ""))(scope, receive, send)

    def _session(self, scope: Scope) -> Session | None:
        text = self.seal.read("session", cookie(scope, _cookie_name(scope)))
        return Session(*text.split(" ", 1)) if text else None

    def _cookie_of(self, scope: Scope, session: Session) -> str:
        value = self.seal.sign("session", f"{session.key} {session.name}", HOURS_12)
        secure = ""
        if "".join(header_values(scope, b"origin")).startswith("https://"):
            secure = "; Secure"
        return f"{_cookie_name(scope)}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _cookie_name(scope: Scope) -> str:
    """Name the cookie by the port of the address bar: browsers keep one jar for all ports."""
    host = "".join(header_values(scope, b"host"))
    port = host.rpartition(":")[2]
    return f"fusion_{port}" if port.isdecimal() and port.isascii() else "fusion"
