"""The pages of users: what they say, what they never render, and who can read them."""

import re
from dataclasses import replace
from urllib.parse import unquote

import pytest

from dashboards.pages.frame import page_path
from dashboards.pages.people.user import change
from tests.browser import barriers, served
from tests.dashboards.pages.people.planted import EVIL, STRANGER, USER, people_site
from tests.dashboards.pages.planted import HOSTILE, ask, guarded


def text_of(answer) -> str:
    """The words of a page, without markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def show(user: str, facts=USER):
    return ask(page_path("default", "users", user), people_site(facts))


class TestUser:
    def test_a_list_stands_with_its_reasons_and_their_gains(self):
        words = text_of(show("u1"))
        assert "They are shown a list of their own, 2 items." in words
        assert "ease 3" in words
        assert "it is old" in words
        assert ("+1.50" in words, "-0.75" in words) == (True, True)
        assert "Also proposed by user_knn 7" in words
        assert "Runs know them by the pseudonym 0f0f" in words

    def test_bars_go_right_where_a_reason_adds_and_left_where_it_takes(self):
        bars = re.findall(
            r'<rect class="([^"]+)" x="([\d.]+)" y="1" width="([\d.]+)"', show("u1").text
        )
        assert bars == [("bar", "50.0", "50.0"), ("bar less", "25.0", "25.0")]

    def test_runs_stand_side_by_side_and_what_moved_is_said(self):
        answer = show("u1")
        assert "the run before it listed as well: 1." in text_of(answer)
        _, beside = answer.text.split("The same user in other runs")
        rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", beside, re.DOTALL)
        cells = [re.findall(r'<td class="number">(.*?)</td>', row) for row in rows]
        plain = [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in cells[:3]]
        assert plain == [["2 ↓1", "1 ↑2", "3"], ["1 ↑1", "2 new", "–"], ["–", "–", "1"]]
        assert "rejected" in answer.text

    @pytest.mark.parametrize(
        ("ranks", "said"),
        [([1, 1], ""), ([1, None], "new"), ([None, 1], ""), ([1], ""), ([9, 2], "↓7")],
    )
    def test_a_move_is_told_against_the_run_before(self, ranks, said):
        assert change(ranks, 0) == said

    def test_somebody_unknown_is_said_to_be_so_and_shown_the_fallback(self):
        answer = show("nobody", STRANGER)
        words = text_of(answer)
        assert answer.status_code == 200
        assert (
            "The live run does not know this user. They are shown the fallback of everyone."
            in words
        )
        assert "Film one" in words
        assert "What they are shown, and why" not in words

    def test_what_they_took_last_stands_with_its_time_and_weight(self):
        words = text_of(show("u1"))
        assert "The last 2 events that run 20260301-000000-abcdef knew" in words
        assert "2026-03-02 06:00 4.5" in words
        assert "Film one i1 – –" in words

    @pytest.mark.parametrize(
        ("stores", "said"), [(True, "No events are stored"), (False, "history = 50")]
    )
    def test_without_a_history_it_says_why(self, stores, said):
        words = text_of(show("u1", replace(USER, history=None, stores_history=stores)))
        assert said in words
        assert ("They are personal data" in words) is not stores

    def test_whose_items_are_all_blocked_is_told_so(self):
        facts = replace(USER, served_by=None, listed=[], fallback=[])
        assert "every item of their list and of the fallback is blocked" in text_of(
            show("u1", facts)
        )

    def test_before_the_first_run_it_says_what_makes_one(self):
        answer = show("u1", None)
        assert (answer.status_code, "fusion run" in answer.text) == (200, True)

    def test_an_id_with_a_character_that_sql_has_not_is_nobody(self):
        assert ask("/at/default/users/a%00b", people_site()).status_code == 404

    def test_the_sql_behind_it_is_one_click_away(self):
        assert 'href="/at/default/sql?user_id=a%26b"' in show("a&b").text

    def test_a_command_is_typed_as_it_stands(self):
        assert "fusion show &#39;a b&#39; --why" in show("a b").text


class TestUsers:
    def test_the_field_leads_to_the_page_of_the_user(self):
        answer = ask("/at/default/users?id=a%2Fb%3F", people_site())
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "/at/default/users/a%2Fb%3F",
        )

    def test_examples_of_each_route_are_links(self):
        answer = ask("/at/default/users", people_site())
        assert 'href="/at/default/users/u9"' in answer.text
        assert "nobody" in text_of(answer)
        assert "the examples are pseudonyms" in text_of(answer)

    def test_before_the_first_run_it_says_what_makes_one(self):
        assert "fusion run" in ask("/at/default/users", people_site(users=None)).text


@pytest.mark.parametrize("path", [page_path("default", "users", HOSTILE), "/at/default/users"])
def test_nothing_out_of_data_is_markup(path):
    answer = ask(path, people_site())
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert ">62615533" not in answer.text
    assert all("<" not in link for link in re.findall(r'href="([^"]*)"', answer.text))
    linked = [unquote(link) for link in re.findall(r'href="([^"]*)"', answer.text)]
    assert any(link.endswith(HOSTILE) for link in linked)
    assert EVIL.item_id not in answer.text


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_everybody_can_read_them(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    with served(guarded(people_site())) as address:
        page.goto(f"{address}/at/default/users")
        assert barriers(page) == []
        page.get_by_label("Id of a user").press_sequentially("u1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/users/u1")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
