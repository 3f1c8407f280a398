"""Midnights of time zones, where clocks change and where they do not."""

from datetime import UTC, date, datetime

import pytest

from fusion.data.days import day_of, midnight, shift_midnight

HOUR = 3_600_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_day_begins_at_midnight_of_its_zone():
    assert midnight(date(2024, 5, 2), "UTC") == ms("2024-05-02T00:00")
    assert midnight(date(2024, 5, 2), "Asia/Shanghai") == ms("2024-05-01T16:00")


def test_the_last_midnight_is_at_or_before_a_moment():
    assert shift_midnight(ms("2024-05-02T13:30"), 0, "UTC") == ms("2024-05-02T00:00")
    assert shift_midnight(ms("2024-05-02T00:00"), 0, "UTC") == ms("2024-05-02T00:00")
    assert shift_midnight(ms("2024-05-02T00:00") - 1, 0, "UTC") == ms("2024-05-01T00:00")
    # In Shanghai it is the third already.
    assert shift_midnight(ms("2024-05-02T17:00"), 0, "Asia/Shanghai") == ms("2024-05-02T16:00")


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_days_on_which_clocks_change_are_shorter_or_longer(day, hours):
    noon = ms(f"{day}T12:00")
    begin, end = (shift_midnight(noon, days, "Europe/Berlin") for days in (0, 1))
    assert end - begin == hours * HOUR
    # A week is seven days of the calendar, whatever they last.
    week_before = shift_midnight(noon, -7, "Europe/Berlin")
    assert day_of(week_before, "Europe/Berlin").isoformat() == (
        "2024-03-24" if hours == 23 else "2024-10-20"
    )
    assert begin - week_before == 7 * 24 * HOUR
