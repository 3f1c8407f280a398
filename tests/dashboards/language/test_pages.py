"""Pages in Chinese hold no English of ours: what is left comes from the data, or is a name."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from dashboards.pages.frame import Site
from tests.dashboards.pages.overview import world
from tests.dashboards.pages.people import planted as people
from tests.dashboards.pages.planted import ask, site
from tests.dashboards.pages.runs import planted as runs
from tests.dashboards.pages.runs.test_compare import PAIR, QUERY
from tests.dashboards.pages.runs.test_runs import reads as runs_reads

ENGLISH = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,})+")
"""Words in a row, of which all but the first are small."""
NAMES = ("Rank-biased overlap", "fusion forget")
QUIET = ("code", "pre", "style", "time")
VOID = ("meta", "link", "input", "br")
SAID = ("aria-label", "title", "alt", "placeholder")


class Words(HTMLParser):
    """What a person reads of a page, or hears of it: no code, no ids."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[bool] = []

    def handle_starttag(self, tag, attrs) -> None:
        known = dict(attrs)
        self.texts += [known[name] for name in SAID if known.get(name)]
        if tag not in VOID:
            self.open.append(tag in QUIET or "id" in (known.get("class") or "").split())

    def handle_endtag(self, tag) -> None:
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, text) -> None:
        if not any(self.open):
            self.texts.append(text)


def overview_site(**changes) -> Site:
    return site(overview=world.reads(**changes))


def run_site(**changes) -> Site:
    facts = runs.facts(**changes)
    return site(
        runs=replace(
            runs_reads(), run=lambda placement, name: facts, pair=lambda placement, old, new: PAIR
        )
    )


PAGES = {
    "": [overview_site(), overview_site(today=world.FINE), overview_site(today=None)],
    "alerts": [overview_site()],
    "alerts/7": [overview_site()],
    "alerts/9": [overview_site()],
    "history": [overview_site()],
    "watches": [overview_site()],
    "watches/3": [overview_site()],
    "runs": [run_site()],
    "runs/live": [run_site(), run_site(before=None, lists=None, drift=None)],
    f"compare{QUERY}": [run_site()],
    "compare": [run_site()],
    "users": [people.people_site(), people.people_site(users=None)],
    "users/u1": [people.people_site(), people.people_site(user=people.STRANGER)],
    "items": [people.people_site()],
    "items/i1": [people.people_site()],
    "sql": [site()],
    "about": [site()],
    "nothing": [site()],
}
DATA = repr(
    [vars(world), vars(people), vars(runs), PAIR, runs.facts(), site().reads.reference.about("")]
)
"""What tests plant, where it stands in a page, is no word of ours."""


@pytest.mark.parametrize("path", PAGES)
def test_nothing_of_ours_stays_english(path):
    for shown in PAGES[path]:
        answer = ask(f"/at/default/{path}", shown, **{"accept-language": "zh-CN"})
        assert answer.status_code in {200, 404}
        assert '<html lang="zh-CN">' in answer.text
        words = Words()
        words.feed(answer.text)
        left = {one for text in words.texts for one in ENGLISH.findall(text)}
        assert sorted(one for one in left if one not in DATA and one not in NAMES) == []
