"""The page of all runs, over planted facts."""

import re

import pytest

from dashboards.pages.frame import page_path
from dashboards.pages.runs.reads import RunsReads
from dashboards.pages.runs.table import RunQuery, RunTable
from tests.browser import barriers, served
from tests.dashboards.pages.planted import HOSTILE, ask, guarded, site
from tests.dashboards.pages.runs.planted import NEW, OLD, facts, line
from tests.dashboards.pages.runs.planted import reads as planted

CHOICES = {"status": ["deleted", "ready"], "method": [HOSTILE, "ranker"], "kind": ["full"]}
LINES = (
    line(),
    line(OLD, slot="", method=HOSTILE),
    line("20260101-030000-cccccc", status="deleted", slot="", ndcg=None, as_of=None),
)


def reads(asked: list | None = None, lines=LINES, total=3, choices=CHOICES) -> RunsReads:
    def _table(placement: str, query: RunQuery) -> RunTable:
        if asked is not None:
            asked.append(query)
        return RunTable(lines, total, choices)

    return planted(table=_table, run=lambda placement, name: facts(line=line(name)))


def page_of(query="", **given) -> str:
    answer = ask(page_path("default", "runs") + query, site(runs=reads(**given)))
    assert answer.status_code == 200
    return answer.text


def test_each_run_has_its_state_figure_and_age():
    page = page_of()
    assert f'href="/at/default/runs/{NEW}"' in page
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    assert "● live ranker 0.3000 [0.2800, 0.3200]" in shown
    assert "3 runs, page 1 of 1" in shown
    pruned = re.search(r'<tr class="pruned">.*?</tr>', page, re.S)
    assert pruned
    assert "20260101-030000-cccccc" in pruned[0]


def test_two_are_picked_to_compare_the_newest_beside_the_one_before():
    page = page_of()
    checked = re.findall(r'name="(\w+)" value="([^"]+)"[^>]*checked', page)
    assert sorted(checked) == [("new", NEW), ("old", OLD)]
    assert 'action="/at/default/compare"' in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", RunQuery()),
        ("?status=ready&kind=&method=ease", RunQuery({"status": "ready", "method": "ease"})),
        ("?sort=ndcg&order=up&page=3", RunQuery({}, "ndcg", False, 3)),
        ("?sort=run_no;drop&page=-1&order=x", RunQuery()),
        ("?page=99999999999999999999", RunQuery()),
        ("?page=%C2%B2&page=0", RunQuery()),
    ],
)
def test_the_address_says_what_is_asked_for(query, wanted):
    asked: list[RunQuery] = []
    page_of(query, asked=asked)
    assert asked == [wanted]


def test_links_keep_the_filter_and_turn_the_order_around():
    page = page_of("?status=ready&sort=ndcg&page=2", total=120)
    assert "?status=ready&amp;sort=ndcg&amp;order=up&amp;page=1" in page
    assert "?status=ready&amp;sort=as_of&amp;order=down&amp;page=1" in page
    assert 'rel="prev" href="?status=ready&amp;sort=ndcg&amp;order=down&amp;page=1"' in page
    assert 'rel="next" href="?status=ready&amp;sort=ndcg&amp;order=down&amp;page=3"' in page
    assert 'aria-sort="descending"' in page


def test_without_runs_it_says_how_to_make_one():
    page = page_of(lines=(), total=0, choices={"status": [], "method": [], "kind": []})
    assert "fusion run" in page
    assert '<form method="get" action' not in page


def test_a_filter_that_fits_nothing_leads_back():
    assert "No run fits." in page_of("?status=ready", lines=(), total=0)


def test_names_from_data_are_no_markup():
    page = page_of(f"?method={HOSTILE}")
    assert "<script" not in page
    assert "62615533" not in page


@pytest.mark.parametrize(("width", "scheme"), [(1400, "dark"), (390, "light")])
def test_everybody_can_read_it_and_pick_two_by_keyboard(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    with served(guarded(site(runs=reads()))) as address:
        page.goto(address + page_path("default", "runs"))
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_label(f"{NEW} as the new run").focus()
        page.keyboard.press("ArrowDown")
        assert page.get_by_label(f"{OLD} as the new run").is_checked()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
