"""The page of two runs beside each other, over planted facts."""

import re
from dataclasses import replace

import pytest

from dashboards.pages.frame import page_path
from dashboards.pages.runs.facts import Setting
from dashboards.pages.runs.figures import Difference, Estimate
from dashboards.pages.runs.pair import PairedFigure, PairedLists, RunPair
from tests.browser import barriers, served
from tests.dashboards.pages.planted import HOSTILE, ask, guarded, site
from tests.dashboards.pages.runs.planted import NEW, OLD, facts, line, lists, reads

QUERY = f"?old={OLD}&new={NEW}"
PAIR = RunPair(
    old=line(OLD, slot="", method=HOSTILE),
    new=line(),
    difference=Difference(OLD, True, Estimate(-0.02, -0.03, -0.01), 900),
    figures=(
        PairedFigure("Lists by", "text", HOSTILE, "ranker"),
        PairedFigure("NDCG@10", "estimate", Estimate(0.25, 0.2, 0.3), Estimate(0.3, 0.28, 0.32)),
        PairedFigure("Users", "number", 1000, 1100),
        PairedFigure("Items", "number", 77, 77),
        PairedFigure("Trees of the ranker", "number", None, 50),
    ),
    sources=facts().sources,
    settings=(Setting("ranker.trees", "600", "300"), Setting("seed", "7", "7")),
    lists=PairedLists(90, True, 0.46, 0.4, 0.3, 0.1, lists().items),
)


def page_of(query=QUERY, pair=PAIR) -> str:
    known = reads(pair=lambda placement, old, new: pair if (old, new) == (OLD, NEW) else None)
    answer = ask(page_path("default", "compare") + query, site(runs=known))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


def test_the_one_comparable_difference_comes_first():
    shown = page_of()
    assert (
        "The new lists are worse: -0.0200 [-0.0300, -0.0100] NDCG@10 over the same 900 users"
        in (shown)
    )
    assert "their figures are no comparison" in page_of(pair=replace(PAIR, difference=None))


def test_figures_stand_beside_each_other_with_their_change():
    shown = page_of()
    assert "NDCG@10 0.2500 [0.2000, 0.3000] 0.3000 [0.2800, 0.3200] +0.0500" in shown
    assert "Users 1,000 1,100 +100" in shown
    assert "Trees of the ranker – 50" in shown


def test_what_is_the_same_shows_when_asked_for():
    shown = page_of()
    assert "ranker.trees 600 300" in shown
    assert "Items 77 77" not in shown
    assert "seed 7 7" not in shown
    everything = page_of(QUERY + "&asked=1")
    assert "Items 77 77" in everything
    assert "seed 7 7" in everything
    assert "seed 7 7" not in page_of(QUERY + "&asked=1&only=1")


def test_lists_that_only_some_users_gave_say_so():
    shown = page_of()
    assert f"fusion diff {OLD} {NEW}" in shown
    assert "46.0% of a list; chance alone 40.0%" in shown
    whole = replace(PAIR, lists=replace(PAIR.lists, sampled=False))
    assert "fusion diff" not in page_of(pair=whole)
    assert "One of the two has no lists" in page_of(pair=replace(PAIR, lists=None))


def test_without_two_runs_it_leads_to_all_of_them():
    assert "Pick an old run and a new one" in page_of("?old=x")


def test_runs_that_are_not_there_are_said_and_escaped():
    known = reads(pair=lambda placement, old, new: None)
    path = page_path("default", "compare") + f"?old={HOSTILE}&new={HOSTILE}"
    answer = ask(path, site(runs=known))
    assert answer.status_code == 404
    assert "<script" not in answer.text


def test_names_from_data_are_no_markup():
    known = reads(pair=lambda placement, old, new: PAIR)
    page = ask(page_path("default", "compare") + QUERY, site(runs=known)).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "62615533" not in page


def test_the_box_is_ticked_by_keyboard(page):
    page.set_viewport_size({"width": 390, "height": 900})
    known = reads(pair=lambda placement, old, new: PAIR)
    with served(guarded(site(runs=known))) as address:
        page.goto(address + page_path("default", "compare") + QUERY)
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_label("Only differences").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url("**asked=1")
        assert page.get_by_text("seed", exact=True).is_visible()
        assert not page.get_by_label("Only differences").is_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(page, scheme):
    page.emulate_media(color_scheme=scheme)
    known = reads(pair=lambda placement, old, new: PAIR)
    with served(guarded(site(runs=known))) as address:
        page.goto(address + page_path("default", "compare") + QUERY)
        assert barriers(page) == []
