"""One walk through the pages of a served project: from a planted fault to its cause, by everybody.

The weights of the newest events are ten times what they were, as after a change of units. The
project is made and served by the command line, and looked at in a browser.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser import barriers
from tests.flows.network.test_open_dashboards import dashboards
from tests.flows.world import database, events, fusion, make_shop, query, write_events

pytestmark = pytest.mark.faults

CHINESE = re.compile("[\u4e00-\u9fff]")
BROKEN_DAYS = 17
"""Days at the end whose weights are wrong: more than the window of a fold."""
LOOKS = [(1400, "light"), (1400, "dark"), (390, "light"), (390, "dark")]
USER = "u1"
CONTROLS = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .concat([...document.querySelectorAll("[tabindex]")])
  .filter(one => one.tabIndex >= 0 && one.type !== "hidden" && one.checkVisibility())
  .map((one, number) => {
    one.dataset.control = number;
    // Of a group of radio buttons the keyboard reaches one, and arrows the others.
    const group = one.type === "radio" ? [...document.getElementsByName(one.name)] : [];
    const isReached = group.length === 0 || one === (group.find(each => each.checked) || group[0]);
    return isReached ? [number, one.outerHTML.slice(0, 120)] : null;
  })
  .filter(one => one)
"""
FOCUSED = """
() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return [one.dataset.control ?? null, isSeen];
}
"""


def plant(folder: Path) -> str:
    """Publish a run, break the weights since, watch and run again; returns the run refused."""
    make_shop(folder, more="\n[ui]\nwrite = true\n")
    rows = events()
    now = datetime.now(UTC)
    shift = int(now.timestamp()) - 3600 - max(moment for *_, moment, _ in rows)
    cut = now - timedelta(days=BROKEN_DAYS)
    rows = [(user, item, moment + shift, weight) for user, item, moment, weight in rows]
    write_events(folder / "ratings.csv", rows)
    whole = fusion(folder, "run", "--as-of", cut.isoformat(), "--by", "ann", "--json")
    assert whole.json["published"], whole.err
    border = cut.timestamp()
    broken = [(*row[:3], row[3] * 10 if row[2] > border else row[3]) for row in rows]
    write_events(folder / "ratings.csv", broken)
    assert fusion(folder, "watch").code in (0, 4)
    refused = fusion(folder, "run", "--by", "ann", "--json")
    assert refused.code == 1, refused.out
    return refused.json["run"]["id"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder of the project, its address, and the runs: published and refused."""
    folder = tmp_path_factory.mktemp("walk") / "shop"
    refused = plant(folder)
    live = fusion(folder, "status", "--json").json["live"]["run_id"]
    with dashboards(folder) as ask:
        yield folder, f"{ask.origin}/at/default/", live, refused


def list_of(folder: Path) -> list[dict]:
    return fusion(folder, "show", USER, "--json").json


def paths(folder: Path, live: str, refused: str) -> list[str]:
    """Every page of ours, one of each kind."""
    ((alert,),) = query(database(folder), "select id from alert where cause = 'weights'")
    item = quote(list_of(folder)[0]["item_id"])
    return [
        *("", "runs", f"runs/{live}", f"runs/{refused}", f"compare?old={live}&new={refused}"),
        *("users", f"users/{USER}", "users/nobody", "items", f"items/{item}"),
        *("alerts", f"alerts/{alert}", "history", "watches", "watches/1", "sql", "about"),
    ]


def test_from_today_to_the_cause_of_the_fault_and_to_who_answers_it(page, project):
    folder, address, live, refused = project
    clicks = []

    def follow(link):
        link.first.click()
        clicks.append(page.url)

    page.goto(address)
    # The alert says which figure it is, what it was, and what to ask.
    follow(page.locator("section.answer").get_by_role("link", name="weights"))
    message = page.locator("main").inner_text()
    assert "The weights of events are not as usual" in message
    assert re.search(r"mean weight about \d\d(\.\d)? lately, [23]\.\d+ before", message)
    # The run that was refused because of it says so, too.
    follow(page.get_by_role("link", name="Today", exact=True))
    follow(page.get_by_role("link", name=refused))
    conclusion = page.locator("main").inner_text()
    assert "item_weight" in conclusion
    assert "weights in another unit" in conclusion
    assert len(clicks) == 3

    # A user's list with its reasons, and from there what reach an item has.
    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_label("Id of a user, exactly").fill(USER)
    page.get_by_role("button", name="Show").click()
    listed = list_of(folder)
    shown = page.locator("ol.list > li")
    assert shown.count() == len(listed) == 5
    for place, row in zip(shown.all(), listed, strict=True):
        assert row["item_id"] in place.inner_text()
        assert place.locator(".reasons li").count() >= 1
    title = listed[0]["title"]
    shown.first.get_by_role("link", name=title).click()
    ((lists,),) = query(
        database(folder),
        "select count(*) from current_recommendations where item_id = :item",
        item=listed[0]["item_id"],
    )
    reach = page.locator(".lead").inner_text()
    assert re.match(rf"It stands in {lists} of \d+ lists of the live run", reach)

    # Two runs beside each other, as the page of runs offers them.
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_role("button", name="Compare the two").click()
    assert page.inner_text("h1") == "Compare two runs"
    for run_id in (live, refused):
        assert run_id in page.locator("main").inner_text()

    # Somebody answers the alert; SQL knows who and why.
    page.goto(address)
    page.locator("section.answer").get_by_role("link", name="weights").click()
    page.get_by_label("Why, for others").fill("grams were meant")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("status").wait_for()
    rows = query(
        database(folder),
        "select acknowledged_why, acknowledged_by is not null from alert where cause = 'weights'",
    )
    assert [(why, bool(by)) for why, by in rows] == [("grams were meant", True)]


def test_everybody_can_read_every_page(page, project):
    """At both widths, light and dark, in Chinese; the fixture refuses errors and other machines."""
    folder, address, live, refused = project
    for path in paths(folder, live, refused):
        page.goto(f"{address}{path}")
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            assert barriers(page) == [], (path, width, scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    page.goto(address)
    page.get_by_role("button", name="中文").click()
    for path in paths(folder, live, refused):
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.lang").startswith("zh"), path
        assert CHINESE.search(page.locator("main").inner_text()), path
        assert barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_every_control_is_reached_by_keyboard_and_seen(page, project):
    folder, address, live, refused = project
    for path in paths(folder, live, refused):
        page.goto(f"{address}{path}")
        wanted = dict(page.evaluate(CONTROLS))
        reached = set()
        for _ in range(3 * len(wanted) + 10):
            page.keyboard.press("Tab")
            control, is_seen = page.evaluate(FOCUSED)
            if control is None:
                continue
            if int(control) in reached and reached >= set(wanted):
                break
            reached.add(int(control))
            assert is_seen, (path, wanted.get(int(control)))
        assert [html for number, html in wanted.items() if number not in reached] == [], path
