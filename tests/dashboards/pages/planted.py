"""Pages over planted facts: a site whose reads a test gives, and an answer of it."""

from dataclasses import fields
from datetime import UTC, datetime

import httpx
from starlette.testclient import TestClient

from dashboards.pages.frame import Site
from dashboards.pages.reads import Reads
from dashboards.pages.reference.reads import AboutFacts, Limit, ReferenceReads
from dashboards.web.application import Dashboards
from dashboards.web.guard import Guard
from fusion.errors import DataError

HOSTILE = "<script>alert(1)</script>{{7919*7907}}\"'/../"
ANSI = "\x1b[31m"
ABOUT = AboutFacts("SQLite", "0014", [Limit("[gate] max_loss", "0.05", "what a run may lose")])
AS_OF = datetime(2026, 3, 1, 22, tzinfo=UTC)


def site(**reads) -> Site:
    """A site of two placements; a page that asks for what is not given fails."""
    known = {
        "placements": lambda: [HOSTILE, "default"],
        "data_as_of": lambda placement: AS_OF,
        "reference": ReferenceReads(about=lambda placement: ABOUT),
    }
    asked = dict.fromkeys((field.name for field in fields(Reads)), None)
    return Site("default", Reads(**asked | known | reads), lambda command: command, "Asia/Shanghai")


def no_evidently():
    raise DataError("no dashboards yet")


def guarded(shown: Site) -> Guard:
    return Guard(Dashboards(shown, no_evidently), "127.0.0.1")


def ask(path: str, shown: Site | None = None, **headers: str) -> httpx.Response:
    client = TestClient(guarded(shown or site()), "http://127.0.0.1", follow_redirects=False)
    return client.get(path, headers=headers)
