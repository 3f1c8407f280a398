"""Logging in and sending a form, in a real browser: what it says of origins is what is asked."""

from dataclasses import replace

import pytest

from dashboards.pages.actions import ACTIONS
from dashboards.pages.writes import Writes
from dashboards.web.application import Dashboards
from dashboards.web.door import Asks, Door
from dashboards.web.guard import Guard
from dashboards.web.login import LOGIN
from tests.browser import barriers, served
from tests.dashboards.pages.overview.world import reads
from tests.dashboards.pages.planted import no_evidently, site

TOKEN = "a token of more than sixteen"


@pytest.mark.parametrize("width", [1400, 390])
def test_a_person_logs_in_and_rejects_what_waits_by_keyboard(page, width):
    done = []
    writes = Writes(*[lambda by, form: done.append((by, form["run"], form["reason"]))] * 6)
    shown = replace(site(overview=reads()), writes=writes)
    door = Door(Dashboards(shown, no_evidently), Asks(TOKEN, write=True), ACTIONS)
    page.set_viewport_size({"width": width, "height": 900})
    with served(Guard(door, "127.0.0.1", writes=[ACTIONS, LOGIN])) as address:
        page.goto(f"{address}/at/default/")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_label("Your name").fill("ann")
        page.keyboard.press("Tab")
        page.keyboard.type(TOKEN)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Reject").wait_for()
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        form = page.locator("form", has=page.get_by_role("button", name="Reject"))
        form.get_by_label("Why").fill("odd lists")
        for key in ("Tab", "Tab", "Enter"):
            page.keyboard.press(key)
        page.get_by_role("status").wait_for()
        assert "rejected" in page.get_by_role("status").inner_text()
        assert done == [("ann", "r3", "odd lists")]
        page.goto(f"{address}/at/default/alerts/7")
        assert page.get_by_role("button", name="Acknowledge").count() == 1
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
