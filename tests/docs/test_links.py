"""Links between pages lead to a file that exists, and to a heading in it."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PACKAGES, PAGES, ROOT, name, prose

MADE = {ROOT / "docs/guides/ten-minutes.md", ROOT / "docs/guides/sql-recipes.md"}
"""Pages that `docs/site_hooks.py` makes from `examples/` when the site is built."""
ROOMS = [page for package in PACKAGES for page in sorted((ROOT / package).glob("*/**/README.md"))]
"""READMEs of rooms."""
FOLDERS = "benchmarks|config|dashboards|docs|examples|flows|fusion|storage|tests"
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]+)`")
"""A place in this repository, as pages name it."""
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Headings as code hosts make anchors of them."""
    text = re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(text)
    }


def links(page: Path) -> list[str]:
    text = prose(page.read_text(encoding="utf-8").replace("`](", "]("))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith("http")]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page):
    for link in links(page):
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if target in MADE:
            continue
        assert target.exists(), f"{name(page)} links to {link}"
        assert target.is_relative_to(ROOT)
        assert not anchor or anchor in anchors(target), (
            f"{name(page)} links to {link}; it has {sorted(anchors(target))}"
        )


@pytest.mark.parametrize("page", [*PAGES, *ROOMS], ids=name)
def test_places_that_a_page_names_are_there(page):
    places = PATH.findall(page.read_text(encoding="utf-8"))
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_page_of_docs_can_be_reached():
    reached, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page not in reached | MADE and page.suffix == ".md":
            reached.add(page)
            left += [
                (page.parent / link.partition("#")[0]).resolve()
                for link in links(page)
                if link[0] != "#"
            ]
    assert {name(page) for page in (ROOT / "docs").glob("**/*.md")} <= {
        name(page) for page in reached
    }
