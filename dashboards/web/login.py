"""The page that asks for the token, and where one goes from there."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboards.pages.templating import environment, language_of
from dashboards.web.messages import Scope

LOGIN = "/login"
NEXT = "next"
"""The parameter and the field that say which page was asked for."""
OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""Paths of this server as they stand in an address: printable, and no beginning of another host."""
LONGEST_NAME = 100


def is_name(text: str) -> bool:
    """Return whether a text may stand in histories as the name of a person.

    Args:
        text: as it came.
    """
    return 0 < len(text) <= LONGEST_NAME and text.isprintable() and not text.isspace()


def to_login(scope: Scope) -> Response:
    """Answer with the way to the page that asks for the token, and back.

    Args:
        scope: of the request.
    """
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    asked = quote((path + query).decode("latin-1"), safe="")
    return RedirectResponse(f"{LOGIN}?{NEXT}={asked}", 303)


def login_page(scope: Scope, status: int = 200, wrong: str = "") -> Response:
    """Answer with the page that asks for the token.

    Args:
        scope: of the request, whose query names the page that was asked for.
        status: of HTTP.
        wrong: what was wrong with what was sent: `token`, `name`, or "" for nothing.
    """
    request = Request(scope)
    language = language_of(request)
    after = _path(request.query_params.get(NEXT, ""))
    page = environment(language).get_template("login.html")
    content = page.render(language=language, after=after, wrong=wrong, login=LOGIN, next=NEXT)
    return HTMLResponse(content, status, {"cache-control": "no-store"})


def own_path(text: str) -> Response:
    """Answer with the way to a page of this server.

    Args:
        text: its path as a form had it; whatever is none leads to the first page.
    """
    return RedirectResponse(_path(text), 303)


def _path(text: str) -> str:
    return text if OWN_PATH.fullmatch(text) else "/"
