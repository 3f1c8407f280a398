"""The pages for the morning in a browser: for everybody, by keyboard alone, at every width."""

import pytest

from tests.browser import barriers, served
from tests.dashboards.pages.overview.world import reads
from tests.dashboards.pages.planted import guarded, site

PAGES = ("", "alerts", "alerts/7", "history", "watches", "watches/3")


@pytest.fixture(scope="module")
def address():
    with served(guarded(site(overview=reads()))) as found:
        yield found


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_everybody_can_read_them(page, address, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    for path in PAGES:
        page.goto(f"{address}/at/default/{path}")
        assert barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_from_today_to_the_cause_by_keyboard_alone(page, address):
    page.goto(f"{address}/at/default/")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Alert 7":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/7")
    assert page.locator("h1").text_content() == "Alert 7"
    assert "Interactions are missing" in page.locator(".lead").text_content()


def test_the_history_is_filtered_by_its_form(page, address):
    page.goto(f"{address}/at/default/history")
    page.get_by_label("Kind").select_option("rollback")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/history?kind=rollback")
    assert page.get_by_label("Kind").input_value() == "rollback"
