"""Properties of the policy, whatever the facts are."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.steps.retrain.holds import backoff_hours
from flows.steps.retrain.policy import policy
from flows.steps.retrain.policy_facts import Facts, LiveFact, Reading, StandingAlert, Training
from tests.flows.steps.retrain.planted import FAULT, NOW, before, facts, reading, settings, training

HOURS = st.floats(0, 24 * 400)
SHARES = st.none() | st.floats(0, 2)
ALERTS = st.builds(
    StandingAlert,
    st.integers(1, 99),
    st.sampled_from(["taste", "mix", "more"]),
    st.sampled_from(["users", "items"]),
    st.integers(1, 9),
)
READINGS = st.builds(
    Reading,
    HOURS.map(before),
    st.none() | st.integers(0, 10**7),
    st.none() | st.integers(0, 10**7),
    SHARES,
    SHARES,
    SHARES,
    st.none() | st.floats(-1, 1),
)
TRAININGS = st.builds(
    Training,
    st.sampled_from(["r1", "r2", "r3"]),
    HOURS.map(before),
    st.none() | HOURS.map(before),
    st.sampled_from(["training", "ready", "refused", "failed", "interrupted"]),
)
FACTS = st.builds(
    Facts,
    st.just("home"),
    st.none() | st.builds(LiveFact, st.just("r1"), HOURS.map(before), st.just(None)),
    st.none() | st.just("r2"),
    st.lists(TRAININGS, max_size=5).map(tuple),
    st.lists(ALERTS, max_size=2).map(tuple),
    st.lists(ALERTS, max_size=3).map(tuple),
    st.lists(READINGS, max_size=4).map(
        lambda many: tuple(sorted(many, key=lambda one: one.as_of, reverse=True))
    ),
)
SETTINGS = st.builds(
    settings,
    cooldown=st.floats(0, 100),
    min_new_events=st.integers(0, 1000),
    backoff=st.floats(0, 20),
    max_backoff=st.floats(20, 200),
    quiet_hours=st.sampled_from([(), ("10:00-14:00",), ("22:00-06:00",), ("11:30-13:00",)]),
)


@given(SETTINGS, FACTS)
def test_force_is_always_due_and_changes_no_fact(own, given_facts):
    forced = policy(own, given_facts, NOW, forced_by="bea")
    assert (forced.due, forced.trigger) == (True, "force")
    assert forced.reason.startswith("bea asked for it with --force")
    assert forced.rows == policy(own, given_facts, NOW).rows


@given(SETTINGS, FACTS)
def test_a_fault_always_holds(own, given_facts):
    answer = policy(own, replace(given_facts, faults=(FAULT,)), NOW)
    assert (answer.due, answer.trigger, answer.exit_code) == (False, "data", 4)


@given(SETTINGS, FACTS)
def test_an_answer_follows_from_its_rows(own, given_facts):
    answer = policy(own, given_facts, NOW)
    is_held = any(row.met for row in answer.rows if row.fact.endswith("_hours"))
    is_held |= any(row.met for row in answer.rows if row.fact in ("open_faults", "challengers"))
    asks = [row.fact for row in answer.rows if row.role == "trigger" and row.met]
    too_little = next(row for row in answer.rows if row.fact == "min_new_events").met
    if too_little:
        asks = [fact for fact in asks if fact in ("live_runs", "catalogue_turnover")]
    assert answer.due == (not is_held and bool(asks))
    assert answer.reason
    for row in answer.rows:
        assert (
            not (row.met and row.role == "trigger")
            or row.times >= row.wanted
            or (row.fact == "live_runs")
        )


@given(FACTS, st.floats(0, 24 * 300), st.floats(0, 24 * 300))
def test_what_age_asks_for_it_asks_for_later_too(given_facts, sooner, later):
    first, second = sorted((sooner, later))
    asked = []
    for hours in (first, second):
        live = LiveFact("r1", before(hours), before(hours))
        asked.append(policy(settings(), replace(given_facts, live=live), NOW).due)
    assert asked[1] or not asked[0]


@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from(["ready", "refused", "training"]))
def test_a_cool_down_holds_for_its_hours_and_no_longer(cooldown, hours, outcome):
    began = Training("r2", before(hours), before(hours), outcome)
    own = settings(cooldown=cooldown, backoff=0, max_age=0.001)
    answer = policy(own, facts(trainings=(began,)), NOW)
    # Times are rounded to microseconds.
    if abs(hours - cooldown) > 1e-4:
        assert (answer.trigger == "cooldown") == (hours < cooldown)
        assert answer.due == (hours >= cooldown)


@given(st.just(0.0) | st.floats(0.01, 50), st.floats(50, 500), st.integers(1, 200))
def test_back_off_doubles_up_to_its_cap(backoff, cap, failed):
    own = settings(backoff=backoff, max_backoff=cap)
    wait = backoff_hours(own, failed)
    assert backoff_hours(own, 1) == backoff
    assert wait <= cap
    assert backoff_hours(own, failed + 1) == min(cap, 2 * wait)


@given(st.integers(1, 8), st.floats(0.01, 200), st.sampled_from(["refused", "failed"]))
def test_a_training_after_failures_waits_for_its_back_off(failed, hours, outcome):
    ended = tuple(training(outcome, hours + 10 * number) for number in range(failed))
    own = settings(cooldown=0, max_age=0.001)
    wait = backoff_hours(own, failed)
    answer = policy(own, facts(trainings=ended), NOW)
    if abs(wait - hours) > 1e-4:
        assert (answer.trigger == "backoff") == (hours < wait)
        assert answer.due == (hours >= wait)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", datetime(2024, 3, 31, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2024, 10, 27, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 3, 10, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 11, 3, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2024, 6, 1, tzinfo=UTC)),
    ],
)
@given(
    minutes=st.integers(-24 * 60, 48 * 60),
    begin=st.integers(0, 24 * 60 - 1),
    length=st.integers(1, 24 * 60 - 1),
)
def test_quiet_hours_are_those_on_the_wall_over_both_changes_of_the_clock(
    zone, day, minutes, begin, length
):
    """Minute by minute from the day before a change to the day after it."""
    now = day + timedelta(minutes=minutes)
    end = (begin + length) % (24 * 60)
    span = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    own = settings(quiet_hours=(span,), timezone=zone, max_age=0.001, cooldown=0)
    live = LiveFact("r1", now - timedelta(days=30))
    answer = policy(own, facts(live=live, trainings=(), readings=()), now)
    wall = now.astimezone(ZoneInfo(zone)).time()
    since_begin = (wall.hour * 60 + wall.minute - begin) % (24 * 60)
    assert (answer.trigger == "quiet") == (since_begin < length)
    assert answer.due == (answer.trigger == "age")


@pytest.mark.parametrize(("zone", "is_later"), [("Europe/Berlin", False), ("UTC", True)])
def test_an_hour_that_is_left_out_in_spring_is_never_quiet(zone, is_later):
    own = settings(quiet_hours=("02:00-03:00",), timezone=zone, max_age=0.001, cooldown=0)
    begin = datetime(2024, 3, 31, tzinfo=UTC)
    held = []
    for minute in range(0, 6 * 60, 5):
        now = begin + timedelta(minutes=minute)
        live = LiveFact("r1", now - timedelta(days=30))
        answer = policy(own, facts(live=live, trainings=(), readings=()), now)
        held.append(answer.trigger == "quiet")
    assert any(held) == is_later


def test_an_hour_that_comes_twice_in_autumn_is_quiet_twice():
    own = settings(quiet_hours=("02:00-03:00",), timezone="Europe/Berlin", max_age=0.001)
    begin = datetime(2024, 10, 26, 22, tzinfo=UTC)
    held = 0
    for minute in range(0, 6 * 60, 5):
        now = begin + timedelta(minutes=minute)
        live = LiveFact("r1", now - timedelta(days=30))
        held += policy(own, facts(live=live, trainings=(), readings=()), now).trigger == "quiet"
    assert held == 2 * 12


@given(st.lists(st.booleans(), max_size=12), st.integers(1, 6))
def test_times_in_a_row_are_counted_from_the_newest_day_back(met, wanted):
    days = [reading(0.5 + 24 * day, shortfall=0.9 if is_met else 0.0) for day, is_met in
            enumerate(met)]  # fmt: skip
    own = settings(quality={"times": wanted})
    answer = policy(own, facts(readings=tuple(days)), NOW)
    in_a_row = next((day for day, is_met in enumerate(met) if not is_met), len(met))
    row = next(row for row in answer.rows if row.fact == "quality")
    assert (row.times, row.wanted) == (in_a_row, wanted)
    assert (answer.trigger == "quality") == (in_a_row >= wanted)


@given(st.integers(1, 24), st.integers(1, 5))
def test_watching_every_hour_counts_a_day_once(watches, wanted):
    midnight = datetime.combine(NOW.date(), time(0), UTC)
    many = [
        reading((NOW - midnight).total_seconds() / 3600 * part / 24, shortfall=0.9)
        for part in range(watches)
    ]
    row = next(
        row
        for row in policy(
            settings(quality={"times": wanted}), facts(readings=tuple(many)), NOW
        ).rows
        if row.fact == "quality"
    )
    assert row.times == 1
    assert row.met == (wanted == 1)
