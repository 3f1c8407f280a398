"""Planted faults and changes: the next watch names the cause, and a healthy week raises nothing."""

import polars as pl
import pytest

from benchmarks.watching.data_faults import FAULTS, NOW, another_taste, stale
from benchmarks.watching.watched_shop import (
    WEEKS,
    Watching,
    at,
    ms,
    small_world,
    until,
    with_events,
)


@pytest.fixture(scope="module")
def watching():
    return Watching.begin(small_world())


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_with_its_cause(watching, name):
    fault = FAULTS[name]
    watched = watching.next(fault.plant(until(watching.world, NOW)))
    cause = fault.cause
    assert cause in [alarm.cause.code for alarm in watched.alarms]
    assert {alarm.cause.kind for alarm in watched.alarms} == {"fault"}
    alarm = next(one for one in watched.alarms if one.cause.code == cause)
    assert alarm.cause.do in alarm.message


def test_another_taste_is_a_change(watching):
    watched = watching.next(another_taste(0.6)(until(watching.world, NOW)))
    assert [(one.cause.code, one.cause.kind) for one in watched.alarms] == [("taste", "change")]


def test_a_healthy_week_raises_nothing_and_is_kept(watching):
    assert watching.first.alarms == ()
    watched = watching.next()
    assert watched.alarms == ()
    assert [(one.is_new, one.is_kept) for one in watched.windows] == [(True, True)]
    assert len(watched.days) == 7


def test_a_window_with_a_fault_is_measured_again_until_it_is_mended(watching):
    broken = watching.next(stale(until(watching.world, NOW)))
    assert not any(one.is_new and one.is_kept for one in broken.windows)
    assert watching.next().alarms == ()


def test_a_second_watch_of_the_same_moment_says_the_same_and_raises_nothing(watching):
    again = watching.next(weeks=WEEKS)
    assert again.windows[-1].judgements == watching.first.windows[-1].judgements
    assert not any(one.is_new for one in (*again.days, *again.windows))
    assert again.alarms == ()


@pytest.mark.parametrize("weeks", [5, 150])
def test_a_dead_file_is_stale_at_a_first_watch_too(watching, weeks):
    """Empty windows are no measure of empty windows; the longest gap of the past is."""
    dead = Watching.begin(until(watching.world, NOW), NOW + weeks)
    (alarm,) = dead.first.alarms
    assert (alarm.cause.code, alarm.subject) == ("stale", "interactions")
    assert f"days since the newest event {7 * weeks}" in alarm.message.replace(",", "")
    kept = (*dead.first.days, *dead.first.windows)
    assert all(one.start < at(NOW).date() for one in kept)


def test_a_silence_as_long_as_one_before_is_no_alarm(watching):
    """A shop that was closed for five weeks before may be closed for four."""
    open_again = until(watching.world, NOW).events.filter(
        (pl.col("time") < ms(20)) | (pl.col("time") >= ms(25))
    )
    paused = Watching.begin(with_events(until(watching.world, NOW), open_again), NOW + 4)
    assert paused.first.silence is not None
    assert (paused.first.silence.state, paused.first.silence.cause) == ("healthy", None)
