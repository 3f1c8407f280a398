"""A page changes its language in a browser, stays where it was, and is read as well in Chinese."""

import pytest

from dashboards.pages.frame import page_path
from tests.browser import barriers, served
from tests.dashboards.language.test_pages import run_site
from tests.dashboards.pages.planted import guarded
from tests.dashboards.pages.runs.test_compare import QUERY


@pytest.mark.parametrize("width", [1400, 390])
def test_a_click_changes_the_language_of_this_page_and_of_the_next(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    with served(guarded(run_site())) as address:
        page.goto(f"{address}{page_path('default', 'compare')}{QUERY}")
        assert page.inner_text("h1") == "Compare two runs"
        page.get_by_role("button", name="中文").click()
        assert page.inner_text("h1") == "对比两个运行"
        assert page.locator("#figures").inner_text() == "指标"
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("link", name="运行", exact=True).first.click()
        assert page.inner_text("h1") == "运行"
