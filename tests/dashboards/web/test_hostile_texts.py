"""Ids, titles and other texts of data that try to be markup, templates, escapes or formulas."""

import csv
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO

import httpx
import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboards.pages.frame import Site, page_path
from dashboards.pages.people.user_facts import NamedItem
from dashboards.pages.routes import PAGES
from dashboards.pages.runs.facts import RunDocument
from dashboards.pages.writes import Writes
from dashboards.web.door import Asks, Door
from dashboards.web.guard import Guard
from tests.dashboards.pages.overview.world import reads as overview_reads
from tests.dashboards.pages.people.planted import ITEM, ITEMS, USER, USERS, people_site
from tests.dashboards.pages.planted import HOSTILE, guarded, site
from tests.dashboards.pages.runs.planted import facts, line, reads
from tests.dashboards.pages.runs.test_compare import PAIR
from tests.dashboards.pages.runs.test_runs import CHOICES, RunTable

TEXTS = [
    HOSTILE,
    "</script><svg onload=alert(1)>{{7919*7907}}{% raw %}${7919*7907}",
    "\x1b[31mred\x1b]0;title\x07\x1b[2J\x9b\u202edlo",
    '=HYPERLINK("http://evil.example","click")',
    "@SUM(1+1)",
    "\t=1+1",
    "-2+3",
    "' onmouseover='alert(1)' \" onfocus=\"alert(1)",
]
FIXED = {
    "/at/{placement}/alerts/{number}": "/at/default/alerts/7",
    "/at/{placement}/watches/{number}": "/at/default/watches/3",
    "/at/{placement}/compare": "/at/default/compare?old=a&new=b",
    "/at/{placement}/items": "/at/default/items?find=x",
}
"""Addresses of pages that only some values of their places lead to."""
DOWNLOADS = ("run.json", "figures.csv", "figures.sql")


def hostile_site(text: str) -> Site:
    """A site whose every page shows the text, in the place of whatever data may give."""
    item = NamedItem(text, text)
    document = RunDocument(
        text, {"run_id": text}, [(text, text, text, 10, 0.25, None, 0.5)], [{"column": text}]
    )
    table = RunTable((line(text, method=text), line("old", slot="")), 2, CHOICES)
    runs = reads(
        table=lambda placement, query: table,
        run=lambda placement, name: replace(
            facts(), line=line(text, method=text), importance=((text, 0.6), (f"{text}b", 0.4))
        ),
        document=lambda placement, name: document,
        pair=lambda placement, old, new: replace(PAIR, old=line(text), new=line(f"{text}2")),
    )
    people = people_site(
        replace(USER, user=text, listed=[replace(USER.listed[0], item=item)]),
        replace(USERS, routes={**USERS.routes, "warm": [text]}),
        replace(ITEM, item=item),
        replace(ITEMS, matches=[item], most_listed=[(item, 3)]),
    ).reads.people
    return site(people=people, runs=runs, overview=overview_reads())


class Markup(HTMLParser):
    """The tags of a page, and attributes of handlers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on")]


def address(route: Route, text: str) -> str:
    if route.path in FIXED:
        return FIXED[route.path]
    parts = route.path.removeprefix("/at/{placement}").strip("/").split("/")
    return page_path("default", *(text if part.startswith("{") else part for part in parts))


def answers(text: str) -> dict[str, httpx.Response]:
    """What each page answers about the text."""
    client = TestClient(guarded(hostile_site(text)), "http://127.0.0.1", follow_redirects=False)
    shown = [route for route in PAGES if "GET" in route.methods]
    return {route.path: client.get(address(route, text.replace("/", ""))) for route in shown}


@pytest.mark.parametrize("text", TEXTS)
def test_no_page_takes_a_text_of_data_for_markup(text):
    for path, answer in answers(text).items():
        assert answer.status_code == 200, path
        if path.endswith(DOWNLOADS):
            assert answer.headers["content-disposition"].startswith("attachment; "), path
            assert answer.headers["x-content-type-options"] == "nosniff"
            continue
        seen = Markup(answer.text)
        assert seen.tags.isdisjoint({"script", "iframe", "object", "embed"}), path
        assert seen.handlers == [], path
        # neither the templates of ours nor those of a browser compute it
        assert "{{62615533}}" not in answer.text
        assert "alert(62615533" not in answer.text
        assert set("\x1b\x07\x9b\u202e").isdisjoint(answer.text), path


@pytest.mark.parametrize("text", TEXTS)
def test_the_pages_show_it_all_the_same(text):
    found = answers(text)
    for path in ("users/{user:path}", "items/{item:path}", "runs/{run}", "runs", "compare"):
        page = found[f"/at/{{placement}}/{path}"].text
        letters = "".join(letter for letter in text if letter.isalpha())[:4]
        assert letters[:3] in page, path


@pytest.mark.parametrize("text", TEXTS)
def test_no_cell_of_a_download_is_a_formula(text):
    found = answers(text)["/at/{placement}/runs/{run}/figures.csv"].text
    rows = list(csv.reader(StringIO(found, newline="")))
    for cell in rows[1][:3]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell in {text, f"'{text}"}
    content = answers(text)["/at/{placement}/runs/{run}/run.json"].json()
    assert content["run_id"] == text


def test_the_name_of_a_person_is_no_markup_either():
    nothing = Writes(*[lambda by, form: None] * 6)
    shown = replace(hostile_site(HOSTILE), writes=nothing)
    door = Door(guarded(shown).app, Asks(user=HOSTILE, write=True), "/never")
    client = TestClient(Guard(door, "127.0.0.1"), "http://127.0.0.1")
    client.get("/at/default/about")
    (cookie,) = client.cookies.values()
    key = door.seal.read("session", cookie).split(" ")[0]
    done = door.seal.sign(f"done {key}", "rollback", 60)
    page = client.get(f"/at/default/?done={done}").text
    assert "Written in the name of &lt;script&gt;" in page
    assert "script" not in Markup(page).tags
    assert 'method="post"' in page


@pytest.mark.parametrize(
    "path",
    ["/assets/../frame.py", "/assets/..%2fframe.py", "/assets/%2e%2e/%2e%2e/settings.py",
     "/assets//etc/passwd", "/assets/..\\frame.py", "/assets/....//frame.py", "/assets/%00",
     "/at/..%2f..%2fetc/passwd", "/at/default/..%2f..%2fabout"],
)  # fmt: skip
def test_no_path_leaves_the_folder_of_assets(path):
    client = TestClient(guarded(hostile_site("x")), "http://127.0.0.1")
    answer = client.get(path)
    assert answer.status_code == 404
    assert "import" not in answer.text
