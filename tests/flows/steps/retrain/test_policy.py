"""The policy: planted facts for every reason to train, and for every reason not to."""

import subprocess
import sys
from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from flows.steps.retrain.policy import policy
from flows.steps.retrain.policy_facts import LiveFact
from flows.steps.retrain.sentences import SENTENCES
from tests.flows.steps.retrain.planted import (
    CHANGE,
    FAULT,
    NOW,
    before,
    facts,
    reading,
    settings,
    training,
)

OLD = LiveFact("r1", before(24 * 8), before(24 * 8))
LONG_AGO = (training("ready", 24 * 8, "r1"),)
HELD = {
    "data": ({"faults": (FAULT,)}, {}, "the data is broken (missing of interactions)"),
    "frozen": (
        {"live": replace(OLD, frozen_until=NOW + timedelta(hours=2))},
        {},
        "placement 'home' is frozen until 2024-03-14 14:00 UTC: `fusion unfreeze` ends it",
    ),
    "challenger": ({"challenger": "r2"}, {}, "run r2 waits for approval: `fusion approve r2`"),
    "cooldown": (
        {"trainings": (training("refused", 2),)},
        {},
        "run r2 was trained 3.0 hours ago; the cool-down is 6 hours",
    ),
    "backoff": (
        {"trainings": (training("failed", 0.5), *LONG_AGO)},
        {},
        "refused or failed in a row: 1, the newest run r2 30 min ago; the next one waits for 1.0",
    ),
    "quiet": (
        {},
        {"quiet_hours": ["08:00-20:00"], "timezone": "Europe/Berlin"},
        "it is 13:00 in Europe/Berlin, within the quiet hours 08:00-20:00",
    ),
    "new_data": (
        {"readings": (reading(new_events=3),)},
        {"min_new_events": 10},
        "3 events have arrived since the data of live run r1 ends, and min_new_events is 10",
    ),
}
"""What holds a training back that age asks for: changed facts, settings, and the sentence."""
ASKED = {
    "first": ({"live": None}, "nothing is live in placement 'home' yet"),
    "quality": ({"readings": (reading(shortfall=0.06),)}, "lies 6.0% below what was promised"),
    "drift": ({"changes": (CHANGE,)}, "the world moved since the data of live run r1 ends: taste"),
    "coverage": (
        {"readings": (reading(users_without_list=0.6), reading(24, users_without_list=0.5))},
        "60.0% of the events since the data of live run r1 ends are by users without a list",
    ),
    "catalogue_turnover": (
        {"readings": (reading(turnover=0.25, new_events=0),)},
        "items gone or arrived are 25.0% of those that live run r1 knew",
    ),
    "new_events": (
        {"readings": (reading(new_events=2_500),)},
        "2,500 events have arrived since the data of live run r1 ends, 25.0% of those before",
    ),
    "age": (
        {"live": OLD},
        "live run r1 was trained 8.0 days ago, which has passed max_age of 7 days",
    ),
}
"""What asks for a training: changed facts, and the sentence."""


def test_nothing_is_due_in_a_healthy_shop():
    answer = policy(settings(), facts(), NOW)
    assert (answer.due, answer.trigger, answer.code, answer.exit_code) == (
        False,
        "age",
        "age_within",
        0,
    )
    assert answer.reason == (
        "live run r1 was trained 2.0 days ago, which is within max_age of 7 days"
    )
    assert [row.fact for row in answer.rows] == [
        *("open_faults", "frozen_hours", "challengers", "cooldown_hours", "backoff_hours"),
        *("quiet_hours", "min_new_events", "live_runs", "quality", "drift", "coverage"),
        *("catalogue_turnover", "new_events", "age_days"),
    ]
    assert not any(row.met for row in answer.rows)


@pytest.mark.parametrize("trigger", ASKED)
def test_each_reason_asks(trigger):
    changed, said = ASKED[trigger]
    answer = policy(settings(), facts(**changed), NOW)
    assert (answer.due, answer.trigger) == (True, trigger)
    assert said in answer.reason
    assert [row.fact for row in answer.rows if row.met and row.role == "trigger"]


@pytest.mark.parametrize("trigger", HELD)
def test_each_hold_holds_what_age_asks_for(trigger):
    changed, own, said = HELD[trigger]
    old = facts(**{"live": OLD, "trainings": LONG_AGO} | changed)
    answer = policy(settings(**own), old, NOW)
    assert (answer.due, answer.trigger) == (False, trigger)
    assert said in answer.reason
    assert answer.exit_code == (4 if trigger == "data" else 0)
    forced = policy(settings(**own), old, NOW, forced_by="bea")
    assert (forced.due, forced.trigger, forced.exit_code) == (True, "force", 0)
    assert forced.reason == f"bea asked for it with --force, against: {answer.reason}"
    assert forced.parameters["held_by"] == trigger
    assert forced.rows == answer.rows


def test_force_that_is_against_nothing_says_who():
    answer = policy(settings(), facts(live=OLD), NOW, forced_by="cron")
    assert (answer.code, answer.reason) == ("forced", "cron asked for it with --force")


@pytest.mark.parametrize(
    "trigger", ["quality", "drift", "coverage", "catalogue_turnover", "new_events"]
)
def test_a_reason_that_is_not_enabled_only_shows_its_figure(trigger):
    answer = policy(settings(**{trigger: {"enabled": False}}), facts(**ASKED[trigger][0]), NOW)
    assert (answer.due, answer.trigger) == (False, "age")
    row = next(row for row in answer.rows if row.fact == trigger)
    assert row.value is not None
    assert (row.threshold, row.met) == (None, False)


def test_all_reasons_that_ask_are_named():
    asked = facts(live=OLD, changes=(CHANGE,), readings=(reading(shortfall=0.2),))
    answer = policy(settings(), asked, NOW)
    assert answer.trigger == "quality"
    assert answer.parameters["also"] == ["drift", "age"]
    assert answer.reason.endswith("(also: drift, age)")


@pytest.mark.parametrize("hours", [2.1, 24 * 30])
def test_old_readings_decide_nothing_and_that_is_said(hours):
    old = reading(hours, shortfall=0.5, new_events=9_999)
    note = "The data could not be watched: no file"
    answer = policy(settings(), facts(readings=(old,), changes=(CHANGE,), note=note), NOW)
    assert (answer.due, answer.trigger) == (False, "age")
    assert answer.reason.endswith(note)
    values = {row.fact: row.value for row in answer.rows}
    assert values["drift"] is values["quality"] is values["min_new_events"] is None
    # Yet a fault that nobody has looked at again still holds.
    assert policy(settings(), facts(readings=(old,), faults=(FAULT,)), NOW).trigger == "data"


def test_a_turned_over_catalogue_needs_no_new_event_and_age_does():
    nothing_new = facts(live=OLD, readings=(reading(new_events=0),))
    assert policy(settings(), nothing_new, NOW).trigger == "new_data"
    assert policy(settings(min_new_events=0), nothing_new, NOW).trigger == "age"
    turned = facts(live=OLD, readings=(reading(new_events=0, turnover=0.5),))
    assert policy(settings(), turned, NOW).trigger == "catalogue_turnover"


def test_what_was_refused_or_failed_before_a_success_is_over():
    ended = (training("ready", 30), training("failed", 31), training("failed", 32))
    row = next(
        row
        for row in policy(settings(), facts(trainings=ended), NOW).rows
        if row.fact == "backoff_hours"
    )
    assert (row.value, row.met) == (None, False)


def test_an_interrupted_training_holds_nothing():
    cut = (training("interrupted", 0.1), training("ready", 24 * 8, "r1"))
    answer = policy(settings(), facts(live=OLD, trainings=cut), NOW)
    assert (answer.due, answer.trigger) == (True, "age")


def test_times_of_a_clock_that_was_ahead_hold_nothing_up():
    ahead = replace(training("refused"), began_at=before(-99), ended_at=before(-98))
    answer = policy(settings(), facts(live=OLD, trainings=(ahead,)), NOW)
    assert (answer.due, answer.trigger) == (True, "age")
    young = facts(live=LiveFact("r1", before(-999)), trainings=())
    answer = policy(settings(), young, NOW)
    assert (answer.due, answer.code) == (True, "age_ahead")


def test_every_code_has_been_seen_and_an_answer_is_json():
    cases = [*ASKED.values(), *HELD.values()]
    seen = {"age_within", "forced", "forced_against", "age_ahead"}
    for changed, *_ in ASKED.values():
        seen.add(policy(settings(), facts(**changed), NOW).code)
    for changed, own, _ in HELD.values():
        old = facts(**{"live": OLD, "trainings": LONG_AGO} | changed)
        seen.add(policy(settings(**own), old, NOW).code)
    assert seen == set(SENTENCES)
    assert len(cases) == len(SENTENCES) - 4
    assert asdict(policy(settings(), facts(), NOW))["rows"][0]["fact"] == "open_faults"


def test_it_touches_no_database_and_imports_none():
    """A replay asks it for hundreds of past dates, in any process."""
    code = (
        "import sys; import flows.steps.retrain.policy; "
        "print(sorted(n for n in ('sqlalchemy', 'polars', 'prefect', 'lightgbm') "
        "if n in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
