"""What monitoring says of shops: one that only gets older does not drift, one that changes does."""

from collections.abc import Sequence
from itertools import pairwise

import polars as pl
import pytest

from dashboards.measures.drift import ColumnDrift, drift
from dashboards.settings import MonitorSettings
from fusion.core.arrays import DAY
from fusion.runs.monitoring_samples import SUBJECTS, interactions, items, users
from tests.fusion.runs.steady_shop import LATE, known_after, steady_shop

EARLY, OLD = 20 * 7, 60 * 7


def samples(log: pl.DataFrame, day: int, keep: int | None = None) -> dict[str, pl.DataFrame]:
    known = known_after(log, day, keep)
    return {
        "users": users(known, LATE, 7).drop("user_row"),
        "items": items(known, LATE, 7),
        "interactions": interactions(known, LATE).drop("user_row"),
    }


def compared(before: dict[str, pl.DataFrame], now: dict[str, pl.DataFrame]) -> list[ColumnDrift]:
    pairs = {subject: (before[subject], now[subject]) for subject in SUBJECTS}
    return drift(pairs, MonitorSettings())


def drifted(before: dict[str, pl.DataFrame], now: dict[str, pl.DataFrame]) -> set[str]:
    found = compared(before, now)
    return {f"{one.subject}.{one.column}" for one in found if one.drifted}


@pytest.mark.parametrize("keep", [None, 120], ids=["everything", "the newest 120 days"])
@pytest.mark.parametrize(
    "days",
    [(EARLY, OLD), range(EARLY, OLD + 1, 7), range(300, 308)],
    ids=["early and late", "weekly", "nightly"],
)
def test_a_shop_that_only_gets_older_does_not_drift(days: Sequence[int], keep: int | None):
    """By lifetime counts `users.idle` and `items.events` had drifted from the early to the late."""
    log = steady_shop(OLD)
    made = [samples(log, day, keep) for day in days]
    for before, now in pairwise(made):
        found = compared(before, now)
        assert max(one.value for one in found) < 0.05
        assert not any(one.drifted for one in found)


def test_people_who_take_twice_as_much_for_a_month_are_seen():
    log = steady_shop(EARLY, busier=2)
    before, now = samples(log, EARLY - LATE), samples(log, EARLY)
    assert drifted(before, now) == {"users.events", "items.events"}


def test_many_new_items_are_seen():
    log = steady_shop(EARLY)
    is_late = pl.col("time") >= log["time"].max() - 14 * DAY
    new = pl.format("new-{}", pl.int_range(pl.len()) % 1500)
    other = log.with_columns(item=pl.when(is_late).then(new).otherwise("item"))
    assert "items.new" in drifted(samples(log, EARLY), samples(other, EARLY))


def test_people_who_stay_away_are_seen():
    log = steady_shop(EARLY)
    is_late = pl.col("time") >= log["time"].max() - 7 * DAY
    stays_away = pl.col("user").hash(seed=1) % 2 == 0
    other = log.filter(~(is_late & stays_away))
    assert "users.idle" in drifted(samples(log, EARLY), samples(other, EARLY))
