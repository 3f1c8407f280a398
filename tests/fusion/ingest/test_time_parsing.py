from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.ingest.time_parsing import moment_ms, to_ms

MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31)).map(
    lambda t: t.replace(microsecond=0, tzinfo=UTC)
)
NOON = datetime(2024, 1, 31, 12, 34, 56, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=1))
def test_every_way_to_write_a_time_gives_the_same_ms(moments):
    expected = [ms(moment) for moment in moments]
    seconds = [value // 1000 for value in expected]
    naive = [moment.replace(tzinfo=None) for moment in moments]
    paths = [
        pl.Series(seconds),
        pl.Series([float(value) for value in seconds]),
        pl.Series([str(value) for value in seconds]),
        pl.Series([f"{value}.0" for value in seconds]),
        pl.Series(expected),
        pl.Series([str(value) for value in expected]),
        pl.Series([value * 1000 for value in expected]),
        pl.Series([str(value * 1_000_000) for value in expected]),
        pl.Series(naive, dtype=pl.Datetime("us")),
        pl.Series(naive, dtype=pl.Datetime("ns")),
        pl.Series(moments, dtype=pl.Datetime("ms", "UTC")).dt.convert_time_zone("Asia/Shanghai"),
        pl.Series([moment.isoformat() for moment in moments]),
        pl.Series([f"{moment:%Y-%m-%d %H:%M:%S}" for moment in naive]),
        pl.Series([f"{moment:%Y/%m/%dT%H:%M:%S.000Z}" for moment in naive]),
        pl.Series(
            [m.astimezone(timezone(timedelta(hours=-3, minutes=-30))).isoformat() for m in moments]
        ),
    ]
    for way in paths:
        assert to_ms(way, "UTC").to_list() == expected, way


@settings(deadline=None)
@given(st.lists(st.dates(date(1980, 1, 1), date(2099, 1, 1)), min_size=1))
def test_dates_begin_at_midnight_of_their_zone(days):
    zone = ZoneInfo("Asia/Shanghai")
    expected = [ms(datetime(day.year, day.month, day.day, tzinfo=zone)) for day in days]
    for way in (
        days,
        [str(day) for day in days],
        [int(f"{day:%Y%m%d}") for day in days],
        [f"{day:%Y%m%d}" for day in days],
    ):
        times = to_ms(pl.Series(way), "Asia/Shanghai")
        # 1986 to 1991 Shanghai had summer time, which began at midnight or later: such days begin
        # an hour later.
        assert all(abs(a - b) <= 3_600_000 for a, b in zip(times, expected, strict=True))
        assert [a for a, d in zip(times, days, strict=True) if d.year > 1991] == [
            b for b, d in zip(expected, days, strict=True) if d.year > 1991
        ]


def test_summer_time_gaps_and_repeats_are_times():
    clocks = pl.Series(["2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-07-01 12:00:00"])
    times = (
        to_ms(clocks, "Europe/Berlin").cast(pl.Datetime("ms")).dt.to_string("%m-%d %H:%M").to_list()
    )
    assert times == ["03-31 01:30", "10-27 00:30", "07-01 10:00"]


@pytest.mark.parametrize(
    ("cells", "readable"),
    [
        (
            ["2024-01-31", "31.01.2024", "", "soon", None, "2024-02-30", "2024-01-31T12:34"],
            [1, 0, 0, 0, 0, 0, 1],
        ),
        ([1_700_000_000, 1_700_000_001, 1_700_000_002_000, None], [1, 1, 0, 0]),
        (["1700000000", "1700000001", "nan", "inf"], [1, 1, 0, 0]),
        ([float("nan"), 1.7e9], [0, 1]),
        (["187", "Infinity"], [1, 0]),
        ([float("-inf"), float("nan")], [0, 0]),
        ([None, None], [0, 0]),
    ],
)
def test_what_is_no_time_is_null(cells, readable):
    assert [value is not None for value in to_ms(pl.Series(cells, strict=False), "UTC")] == [
        bool(x) for x in readable
    ]


def test_a_fraction_of_a_second_counts():
    assert to_ms(pl.Series(["2024-01-31T12:34:56.789Z"]), "UTC").to_list() == [ms(NOON) + 789]
    assert to_ms(pl.Series([ms(NOON) / 1000 + 0.25]), "UTC").to_list() == [ms(NOON) + 250]


def test_a_naive_moment_is_read_in_the_zone():
    assert moment_ms(NOON, "Asia/Shanghai") == ms(NOON)
    assert moment_ms(NOON.replace(tzinfo=None), "Asia/Shanghai") == ms(NOON) - 8 * 3_600_000
