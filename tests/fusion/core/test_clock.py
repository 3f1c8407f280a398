"""The present, and the moment that a replay takes for it."""

from datetime import UTC, datetime, timedelta, timezone

from fusion.core.clocks import clock_at, utc_now

THEN = datetime(2020, 5, 1, 12, tzinfo=UTC)


def test_within_a_block_it_is_another_time_and_afterwards_the_clocks_own():
    with clock_at(THEN):
        assert utc_now() == THEN
        with clock_at(THEN + timedelta(days=1)):
            assert utc_now() == THEN + timedelta(days=1)
        assert utc_now() == THEN
    assert abs(utc_now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_it_is_utc_whatever_zone_is_given():
    with clock_at(THEN.astimezone(timezone(timedelta(hours=8)))):
        assert (utc_now(), utc_now().tzinfo) == (THEN, UTC)
