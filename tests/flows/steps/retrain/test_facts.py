"""Facts as they are gathered from what watches, trainings and slots left in SQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flows.steps.arrivals.answered import answer_changes
from flows.steps.retrain.facts import gather
from flows.steps.retrain.policy import policy
from storage.reading.live_run import live
from storage.runs.liveness import end_life
from storage.runs.runs import add_refusal, finish_run, runs, start_run
from storage.slots.publish import publish, rollback
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import acknowledge, alerts_of, raise_alert
from storage.watches.watches import add_watch

NOW = datetime(2021, 1, 11, 6, tzinfo=UTC)
"""The shop's second run knows the data until its end, in the evening of 10 January 2021."""
LAYOUT = {"anchor": "2021-01-04", "window_days": 7, "timezone": "UTC", "edges": {}}
SAID = {"unit": "window", "start": "2021-01-18", "figures": ["users.taste"]}
TASTE = NewAlert("taste", "users", "taste", "change", "they moved", 0.5, 0.6, SAID)
SINCE = {
    "new_events": 12,
    "known_events": 48,
    "users_without_list": 0.25,
    "unknown_items": 0.5,
    "turnover": 0.1,
}


def watched(session, as_of, *, run_no=2, **facts):
    """Store a watch of which only some facts matter."""
    stored = {"newest_event": as_of.isoformat(), "window": None, "day": None, **facts}
    return add_watch(
        session.engine, "default", as_of=as_of, run_no=run_no, layout=LAYOUT, facts=stored
    )


def window(start: str, cause: str | None) -> dict:
    state = "alarm" if cause else "healthy"
    figure = {"subject": "users", "name": "taste", "state": state, "cause": cause}
    return {"start": start, "is_kept": True, "figures": [figure]}


def taste_alert(session, as_of, said=SAID):
    watch_no = watched(session, as_of, window=window(said["start"], "taste"))
    new = replace(TASTE, parameters=said)
    number, _ = raise_alert(session.engine, "default", new, watch_no=watch_no)
    return number


def standing_changes(session):
    return [one for one in alerts_of(session.engine, "default") if one.kind == "change"]


def test_readings_are_those_of_the_live_run_the_newest_first(own_runs):
    for hours in (0, 5, 2):
        watched(own_runs, NOW - timedelta(hours=hours), since_live={**SINCE, "new_events": hours})
    watched(own_runs, NOW - timedelta(hours=1), run_no=1, since_live=SINCE)
    watched(own_runs, NOW + timedelta(days=1), since_live=SINCE)
    watched(own_runs, NOW - timedelta(days=9), since_live=SINCE)
    facts = gather(own_runs, NOW)
    assert [one.new_events for one in facts.readings] == [0, 2, 5]
    newest = facts.readings[0]
    assert (newest.as_of, newest.new_share, newest.not_covered) == (NOW, 0.0, 0.5)


def test_watches_of_an_older_version_tell_no_figures(own_runs):
    watched(own_runs, NOW)
    (reading,) = gather(own_runs, NOW).readings
    assert (reading.new_events, reading.turnover, reading.shortfall) == (None, None, None)


def outcome(run_id: str, horizon: str, value: float, **more):
    promised = {"value": 0.25, "low": 0.2, "high": 0.3}
    shown = {"run_id": run_id, "horizon": horizon, "value": value, "is_below": value < 0.2}
    return {**shown, "promised": promised, **more}


def test_quality_is_that_of_the_live_run_at_its_longest_closed_horizon(own_runs):
    run_id = live(own_runs.engine, "default").run.run_id
    day, whole = outcome(run_id, "day", 0.1), outcome(run_id, "window", 0.15)
    early = outcome(run_id, "window", 0.15, is_below=None)
    other = outcome("20200101-000000-abcdef", "window", 0.01)
    shortfalls = []
    for hours, listed in enumerate(([other], [other, day, early], [day, whole, other], [])):
        watched(own_runs, NOW + timedelta(minutes=hours), realised=listed)
        shortfalls.append(gather(own_runs, NOW + timedelta(minutes=hours)).readings[0].shortfall)
    assert shortfalls == [None, pytest.approx(0.5), pytest.approx(0.25), None]


def test_a_quality_alert_is_no_drift(own_runs):
    watched(own_runs, NOW)
    new = NewAlert("quality", "window", "ndcg", "change", "less", 0.1, 0.2, {"horizon": "window"})
    raise_alert(own_runs.engine, "default", new)
    assert gather(own_runs, NOW).changes == ()


def test_a_change_counts_by_the_closed_windows_that_show_it(own_runs):
    starts = [("2021-01-11", None), ("2021-01-18", "taste"), ("2021-01-25", "taste")]
    for start, cause in starts:
        closed = datetime.fromisoformat(start).replace(tzinfo=UTC) + timedelta(days=7)
        for hours in (1, 2):
            watch_no = watched(
                own_runs, closed + timedelta(hours=hours), window=window(start, cause)
            )
    raise_alert(own_runs.engine, "default", TASTE, watch_no=watch_no)
    now = closed + timedelta(hours=3)
    asks_twice = own_runs.config.model_copy(
        update={"retrain": own_runs.config.retrain.model_validate({"drift": {"times": 2}})}
    )
    asking = replace(own_runs, config=asks_twice)
    (change,) = gather(asking, now).changes
    asking.engine.dispose()
    assert (change.cause, change.times) == ("taste", 2)


def test_what_the_live_run_has_seen_is_no_change(own_runs):
    seen = {**SAID, "start": "2021-01-01"}
    taste_alert(own_runs, NOW, seen)
    assert gather(own_runs, NOW).changes == ()
    assert policy(own_runs.config.retrain, gather(own_runs, NOW), NOW).trigger != "drift"


def test_a_run_that_has_not_seen_the_window_answers_nothing(own_runs):
    taste_alert(own_runs, NOW + timedelta(days=14))
    run_row = live(own_runs.engine, "default").run
    assert answer_changes(own_runs, run_row) == []
    assert len(standing_changes(own_runs)) == 1


def test_a_run_on_all_data_has_seen_a_window_that_ends_after_its_last_event(own_runs):
    """The window ends at midnight, and the last event of the data some minutes before."""
    run_row = live(own_runs.engine, "default").run
    closing = {**SAID, "start": (run_row.as_of - timedelta(days=6)).date().isoformat()}
    last = run_row.as_of - timedelta(milliseconds=1)
    watch_no = watched(own_runs, NOW, newest_event=last.isoformat())
    number, _ = raise_alert(
        own_runs.engine, "default", replace(TASTE, parameters=closing), watch_no=watch_no
    )
    assert answer_changes(own_runs, run_row) == [number]


def test_going_live_answers_and_going_back_takes_no_answer_back(own_runs):
    engine, newest = own_runs.engine, runs(own_runs.engine, "default", 1)[0]
    rollback(engine, "default", by="bea", reason="odd")
    number = taste_alert(own_runs, NOW, {**SAID, "start": "2021-01-01"})
    publish(engine, "default", newest.run_no, by="bea", reason="all is well")
    assert answer_changes(own_runs, live(engine, "default").run) == [number]
    rollback(engine, "default", by="bea", reason="odd again")
    assert standing_changes(own_runs) == []


def test_what_is_taken_as_expected_is_not_answered(own_runs):
    number = taste_alert(own_runs, NOW, {**SAID, "start": "2021-01-01"})
    acknowledge(own_runs.engine, "default", number, by="ann", why="new", is_expected=True)
    assert answer_changes(own_runs, live(own_runs.engine, "default").run) == []


def test_only_open_alarms_hold_or_ask(own_runs):
    engine = own_runs.engine
    fault = NewAlert("missing", "interactions", "rows", "fault", "half is gone")
    look = replace(fault, cause="stale", severity="look")
    number, _ = raise_alert(engine, "default", fault)
    raise_alert(engine, "default", look)
    raise_alert(engine, "mail", fault)
    raise_alert(engine, "default", NewAlert("lists.churn", "lists", "churn", "run", "much"))
    assert [one.cause for one in gather(own_runs, NOW).faults] == ["missing"]
    until = NOW + timedelta(days=2)
    acknowledge(engine, "default", number, by="ann", why="holiday", until=until)
    assert gather(own_runs, NOW).faults == ()
    assert [one.cause for one in gather(own_runs, until).faults] == ["missing"]


def test_trainings_by_what_came_of_them(own_runs):
    engine = own_runs.engine
    live_no = live(engine, "default").run.run_no
    # A run that was refused once, and published later, was not refused.
    add_refusal(engine, live_no, "ann", [{"name": "churn", "holds": False, "message": "m"}])
    ends = {"broken": ("failed", 3), "away": ("failed", 75), "stopped": ("failed", 130)}
    for name, (status, code) in {**ends, "worse": ("rejected", None)}.items():
        run_no = start_run(
            engine, name, "default", kind="full", as_of=None, data_hash="d", config_hash="c"
        )
        manifest = {"exit_code": code} if code else {}
        finish_run(
            engine, run_no, status, method=None, list_size=None, verdict={}, manifest=manifest
        )
        end_life(engine, run_no)
    outcomes = {one.run_id: one.outcome for one in gather(own_runs, NOW).trainings}
    by_name = {name: outcomes[name] for name in (*ends, "worse")}
    assert by_name == {
        "broken": "failed",
        "away": "interrupted",
        "stopped": "interrupted",
        "worse": "refused",
    }
    assert set(outcomes.values()) - set(by_name.values()) == {"ready"}


def test_a_challenger_and_a_freeze_are_facts(own_runs):
    engine = own_runs.engine
    newest, oldest = runs(engine, "default")
    rollback(engine, "default", None, timedelta(hours=1), by="bea", reason="odd")
    publish(engine, "default", newest.run_no, by="bea", reason="look", slot="challenger")
    facts = gather(own_runs, NOW)
    assert facts.challenger == newest.run_id
    assert facts.live.run_id == oldest.run_id
    assert facts.live.frozen_until is not None
