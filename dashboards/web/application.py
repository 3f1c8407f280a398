"""The web application: our pages, and Evidently's on the same port."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboards.pages.frame import ASSETS, Site, page_path, show_failure, show_missing
from dashboards.pages.routes import PAGES
from dashboards.web.late import LateApplication
from dashboards.web.messages import Application, Receive, Scope, Send
from fusion.errors import FusionError

EVIDENTLY_PATHS = ("/api/", "/projects", "/static/", "/favicon", "/manifest.json", "/robots.txt")
"""Beginnings of the paths that Evidently's application answers; all others are ours."""


class Dashboards:
    """Our pages, and the pages of Evidently under the paths that its scripts ask."""

    def __init__(self, site: Site, make_evidently: Callable[[], Application]) -> None:
        """Put the pages together; nothing is read yet.

        Args:
            site: what pages are made of.
            make_evidently: makes Evidently's application, when somebody first asks for it: that
                takes seconds.
        """
        self.ours = _our_pages(site)
        self.evidently = LateApplication(make_evidently)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Args:
            scope: of ASGI.
            receive: of ASGI.
            send: of ASGI.
        """
        app = self.ours
        if scope["type"] == "http" and scope["path"].startswith(EVIDENTLY_PATHS):
            app = await self._evidently_or_why_not(scope)
        await app(scope, receive, send)

    async def _evidently_or_why_not(self, scope: Scope) -> Application:
        """Return Evidently's application; where it cannot be made, the page that says why."""
        try:
            return await self.evidently.made()
        except FusionError as failure:
            answer: Application = show_failure(Request({**scope, "app": self.ours}), failure)
            return answer


def _our_pages(site: Site) -> Application:
    async def _begin(request: Request) -> Response:
        return RedirectResponse(page_path(site.placement, ""))

    routes: Sequence[Route | Mount] = [
        Route("/", _begin),
        Mount("/assets", StaticFiles(directory=ASSETS)),
        *PAGES,
    ]
    handlers: Any = {404: show_missing, FusionError: show_failure}
    app = Starlette(routes=list(routes), exception_handlers=handlers)
    app.state.site = site
    return app
