"""Times in the future: which say nothing, and by which others they are replaced."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fusion.core.clocks import SKEW, ahead_sentence, is_ahead, settled_times

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENTS = st.integers(-50, 50).map(lambda hours: NOW + hours * HOUR)


def test_minutes_between_hosts_are_no_clock_that_was_ahead():
    assert not is_ahead(NOW + SKEW, NOW)
    assert is_ahead(NOW + SKEW + timedelta(seconds=1), NOW)


def test_both_times_are_said():
    assert ahead_sentence("run x was trained", NOW + HOUR, NOW) == (
        "run x was trained at 2026-06-01 01:00 UTC, but it is 2026-06-01 00:00 UTC now: "
        "a clock was ahead then, or this one is behind"
    )


def test_a_time_in_the_future_is_no_later_than_that_of_a_later_event():
    times = [NOW - 3 * HOUR, NOW + 9 * HOUR, NOW - 2 * HOUR, NOW + 5 * HOUR]
    # The last one has no witness.
    assert settled_times(times, NOW) == [times[0], times[2], times[2], times[3]]


@given(st.lists(MOMENTS, max_size=8))
def test_only_times_in_the_future_change_and_only_backwards(times):
    settled = settled_times(times, NOW)
    for before, after in zip(times, settled, strict=True):
        assert after <= before
        assert after == before or is_ahead(before, NOW)
    assert settled_times(settled, NOW) == settled


@given(st.lists(MOMENTS, min_size=1, max_size=8))
def test_a_clock_that_is_behind_now_makes_nothing_older_than_anything_was(times):
    """All of it lies in the future then: nothing may look as if it had aged."""
    long_before = NOW - 1000 * HOUR
    assert min(settled_times(times, long_before)) == min(times)
