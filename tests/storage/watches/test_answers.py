"""Answers to alerts: resolved by the run that was trained on what they show."""

from datetime import UTC, datetime

import pytest

from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import alerts_of, raise_alert, resolve_alerts
from storage.watches.answers import ANSWERED_BY, answer_alerts

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SAID = {"unit": "window", "start": "2026-10-20", "figures": ["users.taste"]}
TASTE = NewAlert("taste", "users", "taste", "change", "they moved", 0.6, 0.7, SAID)
MIX = NewAlert("mix", "items", "mix", "change", "other items")


@pytest.fixture
def raised(engine):
    return [raise_alert(engine, "home", one, at=NOW)[0] for one in (TASTE, MIX)]


def test_an_answer_resolves_and_names_the_run(engine, raised):
    answer_alerts(engine, raised[:1], "run-7", NOW)
    (open_one,) = alerts_of(engine, "home")
    assert open_one.id == raised[1]
    (answered,) = alerts_of(engine, "home", ["resolved"])
    assert (answered.resolved_at, answered.resolved_why) == (NOW, "answered by run run-7")
    assert answered.parameters == {**SAID, ANSWERED_BY: "run-7"}


def test_what_has_no_parameters_gets_the_answer_alone(engine, raised):
    answer_alerts(engine, raised, "run-7")
    by_cause = {one.cause: one.parameters for one in alerts_of(engine, "home", ["resolved"])}
    assert by_cause["mix"] == {ANSWERED_BY: "run-7"}


def test_what_is_resolved_keeps_its_reason(engine, raised):
    resolve_alerts(engine, raised, "the figures are as usual")
    answer_alerts(engine, raised, "run-7")
    resolved = alerts_of(engine, "home", ["resolved"])
    assert {one.resolved_why for one in resolved} == {"the figures are as usual"}
    assert all(ANSWERED_BY not in (one.parameters or {}) for one in resolved)


def test_nothing_to_answer_is_no_statement(engine):
    answer_alerts(engine, [], "run-7")
    assert alerts_of(engine, "home", ["resolved"]) == []


def test_what_comes_again_later_is_a_new_alert(engine, raised):
    answer_alerts(engine, raised, "run-7")
    again, is_new = raise_alert(engine, "home", TASTE)
    assert is_new
    assert again not in raised
