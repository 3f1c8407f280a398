"""The page of one run, over planted facts."""

import re
from dataclasses import replace

import pytest

from dashboards.pages.frame import page_path
from dashboards.pages.runs.conclusion import conclude
from dashboards.pages.runs.facts import AttributeLists
from dashboards.pages.runs.figures import Difference, Estimate
from tests.browser import barriers, served
from tests.dashboards.pages.planted import HOSTILE, ask, guarded, site
from tests.dashboards.pages.runs.planted import NEW, OLD, alert, facts, line
from tests.dashboards.pages.runs.planted import reads as planted


def page_of(known, name=NEW) -> str:
    read = planted(run=lambda placement, asked: known if asked == name else None)
    answer = ask(page_path("default", "runs", name), site(runs=read))
    assert answer.status_code == 200
    return answer.text


def words(page: str) -> str:
    """What a person reads, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


def test_the_conclusion_comes_first_and_says_what_is_better():
    shown = words(page_of(facts()))
    assert "fine · It is live. Its lists by ranker beat the best other method, ease" in shown
    assert "(+0.0200 [+0.0100, +0.0300] NDCG@10)" in shown
    assert "They cannot be told from those of the run that was live" in shown
    assert "46% of a list changed, and training again alone changes 40%." in shown
    # a column that moves by itself does not count
    assert "1 of 2 columns drifted." in shown
    assert shown.index("Conclusion") < shown.index("Verdict") < shown.index("Manifest")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "fine"),
        ({"alerts": (alert(),)}, "act"),
        ({"alerts": (alert("look"),)}, "look"),
        ({"alerts": (alert(state="acknowledged"), alert(state="resolved"))}, "fine"),
        ({"line": line(status="failed", slot="", method="")}, "act"),
        ({"line": line(status="rejected", slot="")}, "look"),
        ({"line": line(slot="challenger")}, "look"),
        ({"line": line(status="deleted", slot="")}, None),
        ({"line": line(status="training", slot="")}, None),
        ({"differences": (Difference(OLD, True, Estimate(-0.02, -0.03, -0.01), 9),)}, "look"),
    ],
)
def test_it_says_whether_somebody_has_to_do_something(changes, state):
    assert conclude(facts(**changes)).state == state


def test_items_hidden_from_fits_have_a_table_with_intervals():
    shown = words(page_of(facts()))
    assert "1,650 items were hidden from one more fit of every source. 668 users" in shown
    assert "Not asked, since a further fit is too dear:" in shown
    assert "ranker0.1700 [0.1600, 0.1800]0.0200–" in shown
    assert "0.0700 [0.0600, 0.0800]0.0100+0.1000 [+0.0900, +0.1100]" in shown
    assert 'id="hidden"' not in page_of(facts(hidden=None))


def test_lists_of_users_without_a_history_stand_beside_the_fallback():
    shown = words(page_of(facts()))
    assert "1,200 of them have a list from country, " in shown
    assert "Judged by 480 users whose whole history was hidden." in shown
    assert "from attributes0.1100 [0.1000, 0.1200] fallback0.0900 [0.0800, 0.1000]" in shown
    assert "from attributes minus fallback+0.0200 [+0.0100, +0.0300]" in shown
    assert 'id="attributes"' not in page_of(facts(attributes=None))
    asked = replace(facts().attributes, wrote=30)
    assert "What 30 of them wrote counts as well." in words(page_of(facts(attributes=asked)))
    alone = words(page_of(facts(attributes=replace(asked, columns=()))))
    assert "1,200 of them have a list from what they wrote." in alone
    assert "from what they wrote0.1100 [0.1000, 0.1200]" in alone
    assert "from what they wrote minus fallback+0.0200" in alone
    assert "from attributes" not in alone


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("they are not surely better than the fallback", "按属性生成的列表并非确定优于它"),
        ("1,200 cold users are more than [lists] cold_users = 100", "共 1,200 个"),
    ],
)
def test_why_the_fallback_serves_is_said_in_both_languages(reason, said):
    refused = AttributeLists(0, {}, None, 0, ("country",), reason)
    known = facts(attributes=refused)
    assert f"The fallback serves users without a history: {reason}." in words(page_of(known))
    read = planted(run=lambda placement, asked: known)
    page = ask(page_path("default", "runs", NEW) + "?language=zh", site(runs=read)).text
    assert said in page
    assert "The fallback serves" not in page


def test_rules_of_thumb_stand_with_what_they_add():
    shown = words(page_of(facts()))
    assert "parents25.0%12.5%-0.5000 idle0.0%––" in shown
    assert 'id="priors"' not in page_of(facts(priors=()))


def test_exposure_stands_beside_interest_with_limits_and_their_cost():
    shown = words(page_of(facts()))
    assert "Interest: events of the newest 28 days." in shown
    assert (
        "look exposure of genres=noir at least 0.5: 10.0% without it, 30.0% in the lists." in shown
    )
    assert "NDCG@10 of the verdict by: -0.0010 [-0.0020, +0.0000]" in shown
    assert "tail9002.0%20.0%0.100.15" in shown
    assert "new31.0%0.0%––" in shown
    assert "tail0.100.080.12" in shown
    assert shown.index("Gaps between segments") < shown.index("Exposure of item groups")


def test_exposure_over_the_runs_is_drawn_where_there_is_a_run_before():
    shown = words(page_of(facts()))
    assert "Exposure over the runs" in shown
    assert shown.index("2026-03-080.10") < shown.index("2026-03-010.15")
    exposure = facts().exposure
    alone = replace(exposure, past=exposure.past[1:])
    assert "Exposure over the runs" not in words(page_of(facts(exposure=alone)))


def test_a_run_that_measured_no_exposure_has_no_such_part():
    page = page_of(facts(exposure=None, gaps=()))
    assert 'id="exposure"' not in page
    assert "Gaps between segments" not in page


def test_sources_stand_beside_the_run_before():
    shown = words(page_of(facts()))
    assert "ease 50.0%25.0% 73 0.28000.2700 +0.0100 [+0.0000, +0.0200]" in shown
    assert "(not in this run) –10.0%" in shown


def test_lists_say_who_and_what_changed():
    shown = words(page_of(facts()))
    assert "of a list; chance alone 40.0%, limit beyond it 35%" in shown
    assert "club=blue segment" in shown
    assert "the only route" not in shown
    assert "Items gained" in shown
    assert "Items lost" not in shown


def test_a_run_that_waits_says_how_to_approve_it():
    assert f"fusion approve {NEW}" in page_of(facts(line=line(slot="challenger")))


def test_a_run_that_nobody_monitored_says_how():
    page = page_of(facts(drift=None, lists=None))
    assert page.count(f"fusion monitor {NEW}") == 2


def test_a_failed_run_says_what_ended_it():
    bare = facts(
        line=line(status="failed", slot="", method="", ndcg=None),
        error="the disk is full", methods=(), sources=(), groups=(), differences=(), drift=None,
        lists=None, importance=(), moves=(), before=None, settings=(),
    )  # fmt: skip
    shown = words(page_of(bare))
    assert "act · Its training failed: it has no lists." in shown
    assert "the disk is full" in shown
    assert "fusion monitor" not in shown


def test_names_from_data_are_no_markup():
    page = page_of(facts(alerts=(alert(),), failed_checks=(HOSTILE,), causes=(HOSTILE,)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "62615533" not in page


def test_a_run_that_is_not_there_is_said():
    known = planted(run=lambda placement, asked: None)
    answer = ask(page_path("default", "runs", HOSTILE), site(runs=known))
    assert answer.status_code == 404
    assert "<script" not in answer.text


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_everybody_can_read_it(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    known = planted(run=lambda placement, asked: facts(alerts=(alert(),)))
    with served(guarded(site(runs=known))) as address:
        page.goto(address + page_path("default", "runs", NEW))
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_was_estimated_stands_beside_what_was_promised_and_realised():
    shown = words(page_of(facts()))
    assert (
        "About 1,204 users with a list are expected to come back within 7 days. They like what "
        "stands first with a chance of 15.4%, and what stands last of the first ten with 5.2%. "
        "1,190 came back."
    ) in shown
    assert (
        "NDCG@10all0.3100 [0.2500, 0.3700]0.2900 [0.2200, 0.3600]0.2800 [0.2600, 0.3000]"
    ) in shown
    assert "DCG@10all0.6000––" in shown
    assert "NDCG@10sparse0.2000 [0.1000, 0.3500]––" in shown


def test_of_a_run_without_any_of_it_the_page_says_nothing():
    assert "Expected and realised" not in page_of(facts(expected=None))
