"""The pages of items: what they say, what they never render, and who can read them."""

import re
from dataclasses import replace

import pytest

from dashboards.pages.frame import page_path
from dashboards.pages.people.item import MOST_BARS
from tests.browser import barriers, served
from tests.dashboards.pages.people.planted import ITEM, ITEMS, people_site
from tests.dashboards.pages.people.test_users import text_of
from tests.dashboards.pages.planted import HOSTILE, ask, guarded


def show(facts=ITEM, item: str = "i1"):
    return ask(page_path("default", "items", item), people_site(item=facts))


class TestItem:
    def test_it_says_how_far_the_item_reaches(self):
        words = text_of(show())
        assert "It stands in 3 of 40 lists of the live run." in words
        assert "7.5%" in words
        assert "20260201-000000-abcdef rejected – 0 20 (a part) 0.0% 0 –" in words

    def test_ranks_are_drawn_and_told_in_numbers(self):
        answer = show()
        assert "Of 3 lists, 2 show it first." in answer.text
        assert re.findall(r"<title>(\d: \d)</title>", answer.text) == ["1: 2", "2: 0", "3: 1"]
        assert "Lists by the rank" not in show(replace(ITEM, ranks=[0, 0, 0])).text

    def test_events_are_counted_in_spans_of_equal_length(self):
        answer = show()
        assert "7 events from 2026-01-01 to 2026-02-20, a bar for each 2 days." in answer.text
        events = answer.text.split("a bar for each")[1].split("</svg>")[0]
        assert events.count('<rect class="bar"') == 26 <= MOST_BARS + 1
        assert "keeps them" in text_of(show(replace(ITEM, days=[])))

    def test_what_brings_it_stands_with_its_gain(self):
        words = text_of(show())
        assert "From 4 stored reasons" in words
        assert re.search(r"ease 3 2.5 \+0.50", words)
        assert "it is old – 1 – –" in words

    def test_a_part_of_the_lists_is_said_to_be_one(self):
        part = [replace(ITEM.reach[0], is_sample=True)]
        assert "a part of its lists was looked at" in text_of(show(replace(ITEM, reach=part)))
        assert "a part of its lists was looked at" not in text_of(show())

    def test_unknown_and_unlisted_are_not_the_same(self):
        none = [replace(ITEM.reach[0], lists=0, first=0, middle=None)]
        assert "in none of 40 lists" in text_of(show(replace(ITEM, reach=none)))
        unknown = replace(ITEM, reach=none, is_known=False)
        assert "does not know this item" in text_of(show(unknown))

    def test_before_the_first_run_it_says_what_makes_one(self):
        assert "fusion run" in show(None).text

    def test_an_id_with_a_character_that_sql_has_not_is_no_item(self):
        assert ask("/at/default/items/a%00b", people_site()).status_code == 404


class TestItems:
    def test_an_id_leads_to_its_page_and_words_to_titles(self):
        there = ask("/at/default/items?find=i%201", people_site(items=replace(ITEMS, is_item=True)))
        assert (there.status_code, there.headers["location"]) == (303, "/at/default/items/i%201")
        found = text_of(ask("/at/default/items?find=film", people_site()))
        assert "Film one i1" in found
        assert "There are more" in found

    def test_what_is_listed_most_stands_with_its_share(self):
        words = text_of(ask("/at/default/items", people_site()))
        assert "Of 40 lists of run 20260301-000000-abcdef" in words
        assert "Film one i1 1 2.5%" in words
        assert "Found" not in words

    @pytest.mark.parametrize(
        ("can_search", "said"),
        [(True, "no title holds these words"), (False, "titles are not here")],
    )
    def test_nothing_found_is_said_with_its_reason(self, can_search, said):
        facts = replace(ITEMS, matches=[], can_search=can_search)
        assert said in text_of(ask("/at/default/items?find=x", people_site(items=facts)))

    def test_before_the_first_run_it_says_what_makes_one(self):
        assert "fusion run" in ask("/at/default/items", people_site(items=None)).text


@pytest.mark.parametrize(
    "path", [page_path("default", "items", HOSTILE), "/at/default/items?find=%3Cscript%3E"]
)
def test_nothing_out_of_data_is_markup(path):
    answer = ask(path, people_site())
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert ">62615533" not in answer.text


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_everybody_can_read_them(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    with served(guarded(people_site())) as address:
        for path in ("items?find=film", "items/i1"):
            page.goto(f"{address}/at/default/{path}")
            assert barriers(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
