"""Alerts, the history and watches, over planted facts."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from dashboards.pages.overview.commands import next_commands
from dashboards.pages.overview.numbers import row_number
from dashboards.pages.overview.past_facts import HISTORY_KINDS, HistoryPage
from tests.dashboards.pages.overview.world import ALERT_PAGE, FAULT, LOOK, NOW, reads
from tests.dashboards.pages.planted import HOSTILE, ask, site

PATHS = ("", "alerts", "alerts/7", "history", "watches", "watches/3")


def page(path, **more):
    answer = ask(f"/at/default/{path}", site(overview=reads(**more)))
    assert answer.status_code == 200
    return answer.text


def asked(name, answer):
    """What a reader was asked, beside its answer."""
    calls = []

    def read(*words):
        calls.append(words)
        return answer

    return calls, {name: read}


@pytest.mark.parametrize("path", PATHS)
def test_nothing_from_data_is_markup(path):
    text = page(path)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "{{7919*7907}}" in text


def test_alerts_are_filtered_by_their_state():
    calls, read = asked("alerts", [])
    assert "No alert is in this state." in page("alerts?state=resolved", **read)
    assert "No alert was ever raised." in page("alerts?state=evil", **read)
    assert calls == [("default", "resolved"), ("default", "")]


def test_an_alert_has_its_whole_history():
    text = page("alerts/7")
    said = ("raised", "seen last", "acknowledged by", "open again", "The same before")
    places = [text.index(one) for one in said]
    assert places == sorted(places, key=lambda place: place)
    assert '<a href="/at/default/watches/3">watch 3</a>' in text
    # Its figure, with both ends of what is usual.
    assert "usual from 340</text>" in text
    assert "usual up to 1,200</text>" in text


def test_an_alert_that_is_over_needs_no_command():
    over = replace(
        ALERT_PAGE, alert=replace(FAULT, state="resolved", resolved_at=NOW, resolved_why="mended")
    )
    text = page("alerts/7", alert=lambda placement, number: over)
    assert "What to type" not in text
    assert "resolved</span>" in text.replace("\n", "")
    assert "mended" in text


@pytest.mark.parametrize("number", ["8", "0", "-1", "x", "9" * 40, "%D9%A1", quote(HOSTILE, "")])
@pytest.mark.parametrize("room", ["alerts", "watches"])
def test_a_number_that_is_not_there_is_said(room, number):
    answer = ask(f"/at/default/{room}/{number}", site(overview=reads()))
    assert answer.status_code == 404
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("999999999", 999999999),
        ("0", None),
        ("", None),
        ("1e3", None),
        ("²", None),
        ("9" * 10, None),
    ],
)
def test_numbers_of_rows(text, number):
    assert row_number(text) == number


@pytest.mark.parametrize(
    ("change", "commands"),
    [
        ({"kind": "fault"}, ["fusion watch", "fusion alerts ack 7 --why TEXT"]),
        ({"kind": "change"}, ["fusion retrain --explain", "fusion alerts ack 7 --why TEXT"]),
        ({"kind": "run"}, ["fusion alerts ack 7 --why TEXT"]),
        (
            {
                "kind": "run",
                "message": "Lists moved: `fusion rollback` goes back. `fusion rollback`",
            },
            ["fusion rollback", "fusion alerts ack 7 --why TEXT"],
        ),
        ({"kind": "fault", "state": "acknowledged"}, ["fusion watch"]),
        ({"kind": "fault", "state": "resolved"}, []),
    ],
)
def test_commands_that_answer_an_alert(change, commands):
    assert next_commands(replace(FAULT, **{"message": "m", **change})) == commands


def test_the_history_is_filtered_and_paged():
    calls, read = asked("history", HistoryPage([], None))
    page("history?kind=rollback&before=2026-03-01T12:00:00%2B08:00", **read)
    page("history?kind=evil&before=yesterday", **read)
    moment = datetime(2026, 3, 1, 4, tzinfo=UTC)
    assert calls == [("default", "rollback", moment), ("default", "", None)]


def test_the_history_says_who_did_what_and_where_it_goes_on():
    text = page("history?kind=rollback")
    for said in (
        "rolled back to",
        "no training was due",
        "refused",
        "trained",
        "in place of",
        "block ended",
        "raised",
    ):
        assert said in text
    older = quote(NOW.isoformat(), safe="/")
    assert f'href="/at/default/history?kind=rollback&amp;before={older}"' in text
    calls, read = asked("history", HistoryPage([], None))
    ask(f"/at/default/history?before={older}", site(overview=reads(**read)))
    assert calls[0][2] == NOW


def test_every_kind_of_the_history_has_a_name():
    text = page("history")
    for kind in HISTORY_KINDS:
        assert f'<option value="{kind}">' in text


def test_watches_are_paged_and_empty_ones_say_how_to_begin():
    calls, read = asked("watches", [])
    assert "Nobody has watched the data yet." in page("watches", **read)
    assert "There are no older watches." in page("watches?below=5", **read)
    assert [one[1] for one in calls] == [None, 5]
    assert 'href="/at/default/watches?below=3">Older' in page("watches")


def test_a_watch_has_its_figures_beside_what_is_usual():
    text = page("watches/3")
    row = text[text.index("users, mix") :]
    assert row.index("alarm") < row.index("0.4") < row.index("0.2") < row.index("5.5")
    assert "A fault lies in it" in text
    assert "87.0%" in text
    assert '<a href="/at/default/alerts/7">Alert 7</a>' in text


def test_what_is_only_worth_a_look_is_no_alarm():
    text = page("alerts", alerts=lambda placement, state: [LOOK])
    assert '<span class="state look">' in text
    assert '<span class="state act">' not in text
