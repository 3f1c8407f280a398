"""Today, over planted facts."""

import re
from dataclasses import replace

from dashboards.pages.frame import page_path
from tests.dashboards.pages.overview.world import BAD, CAUSE, DAY, FAULT, FINE, LIVE, NOW, reads
from tests.dashboards.pages.planted import HOSTILE, ask, site


def today(facts):
    return ask("/at/default/", site(overview=reads(facts))).text


def test_a_fine_morning_is_one_sentence():
    text = today(FINE)
    assert '<section class="answer fine">' in text
    assert re.search(r"Run r2 is live, trained 24 h( \d+ min)? ago, and no alert is open\.", text)
    assert 'class="alert"' not in text


def test_what_asks_for_a_person_is_said_with_the_worst_first():
    text = today(BAD)
    assert '<section class="answer act">' in text
    said = ["The data is broken", "Something may have moved", "run r4, failed", "Run r3 waits"]
    places = [text.index(one) for one in said]
    assert places == sorted(places)


def test_an_alert_has_its_figures_and_the_commands_to_copy():
    text = today(BAD)
    for said in ("<dd>12</dd>", "<dd>340</dd>", "340 to 1,200", "fusion alerts ack 7 --why TEXT"):
        assert said in text
    assert '<code class="command" tabindex="0">fusion watch</code>' in text
    # What was acknowledged is counted, and asks for nothing.
    assert "ack 9" not in text
    assert "1 acknowledged" in text


def test_only_the_first_ten_alerts_are_shown_whole():
    many = [replace(FAULT, id=number) for number in range(1, 41)]
    text = today(replace(BAD, alerts=many))
    assert text.count('class="alert"') == 10
    assert '<a href="/at/default/alerts?state=open">All 40 open alerts</a>' in text


def test_the_causes_of_what_moved_are_shown_with_their_evidence():
    text = today(BAD)
    assert "Where the fault may be" in text
    assert '<td class="number">12</td><td class="number">700</td>' in text
    assert "Where the fault may be" not in today(FINE)
    chance = replace(CAUSE, kind="chance", severity="none")
    text = today(replace(FINE, causes=[chance]))
    assert "Nothing moved beyond chance" in text
    assert "Where the fault may be" not in text


def test_five_pictures_have_their_limits():
    text = today(FINE)
    assert text.count('<svg viewBox="0 0 360 120"') == 5
    for limit in ("at least 0.2100", "limit 65%", "limit 30%", "usual up to 1,100", "limit 7.0 d"):
        assert f"{limit}</text>" in text


def test_trainings_and_the_policy_are_said():
    text = today(FINE)
    assert "not due (age)" in text
    assert "the live run is <code>1</code> day old" in text
    assert "fusion retrain --explain" in text
    assert "None of the newest twenty." in text
    assert "DataError: &lt;script&gt;" in today(BAD)


def test_nothing_live_says_how_to_begin():
    text = today(replace(FINE, live=None, trends=replace(FINE.trends, spans=[])))
    assert "Nothing is live: no lists are served." in text
    assert '<code class="command" tabindex="0">fusion run</code>' in text


def test_without_a_database_it_says_how_to_begin():
    text = today(None)
    assert "There is no database yet" in text
    assert "fusion run" in text


def test_a_run_that_is_frozen_says_until_when():
    frozen = replace(LIVE, frozen_until=NOW + DAY)
    assert "frozen" in today(replace(FINE, live=frozen))


def test_nothing_from_data_is_markup():
    text = ask(page_path(HOSTILE, ""), site(overview=reads())).text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7919*7907}}" in text


def test_the_live_run_is_one_step_from_the_run_before():
    link = '<a href="/at/default/compare?old=r1&amp;new=r2">beside the run before</a>'
    assert link in today(FINE)
    alone = replace(FINE, trends=replace(FINE.trends, spans=FINE.trends.spans[-1:]))
    assert "beside the run before" not in today(alone)


def test_where_nothing_was_promised_the_verdict_is_what_is_known():
    runs = [replace(one, promised=None, least=None) for one in FINE.trends.runs]
    text = today(replace(FINE, trends=replace(FINE.trends, runs=runs)))
    assert "verdict 0.3200</text>" in text
    assert "promised 0" not in text
    assert "verdict 0" not in today(FINE)
