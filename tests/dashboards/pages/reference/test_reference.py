"""The pages about the dashboards themselves: recipes, words, limits, versions."""

import re
from html import unescape

import pytest

from dashboards.pages.frame import page_path
from dashboards.pages.reference.recipes import RECIPES, filled
from tests.browser import barriers, served
from tests.dashboards.pages.planted import HOSTILE, ask, guarded, site


def statements(answer) -> list[str]:
    codes = re.findall(r'<code class="command recipe"[^>]*>(.*?)</code>', answer.text, re.DOTALL)
    return [unescape(code) for code in codes]


class TestSql:
    def test_every_recipe_stands_there_for_the_placement(self):
        found = statements(ask("/at/default/sql?user_id=u1&item_id=i1"))
        values = {"placement": "default", "user_id": "u1", "item_id": "i1"}
        assert found == [filled(recipe.sql, values) for recipe in RECIPES]
        assert any("user_id = 'u1'" in one for one in found)
        assert not any(re.search(r":[a-z]", one) for one in found)

    def test_until_somebody_says_whom_an_example_stands_there(self):
        assert any("user_id = 'USER'" in one for one in statements(ask("/at/default/sql")))

    def test_a_value_never_ends_its_text(self):
        answer = ask(page_path("default", "sql") + "?user_id=x%27%20OR%20%271%27=%271")
        assert any("'x'' OR ''1''=''1'" in one for one in statements(answer))
        assert "<script" not in ask(page_path(HOSTILE, "sql") + "?item_id=<script>").text

    def test_values_of_others_are_not_read_as_names(self):
        assert filled("SELECT :item_id, :user_id", {"item_id": ":user_id", "user_id": "u"}) == (
            "SELECT ':user_id', 'u'"
        )


class TestAbout:
    def test_words_can_be_linked_and_limits_stand_with_their_values(self):
        answer = ask("/at/default/about")
        ids = re.findall(r'<dt id="([a-z]+)"', answer.text)
        assert {"churn", "drift", "gain", "route", "fallback"} <= set(ids)
        assert len(ids) == len(set(ids))
        assert "<code>[gate] max_loss</code>" in answer.text
        assert "revision 0014" in answer.text


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_everybody_can_read_them(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    with served(guarded(site())) as address:
        for path in ("sql?user_id=u1", "about#churn"):
            page.goto(f"{address}/at/default/{path}")
            assert barriers(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
