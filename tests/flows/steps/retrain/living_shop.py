"""A shop whose data ends today: healthy for forty weeks, and then as a test wants it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.watching.watched_shop import WEEKS, ms, small_world, until, with_events
from benchmarks.watching.worlds import World

TODAY = WEEKS + 1
"""The week at whose end today began."""
CONFIG = """\
threads = 1

[data]
interactions = "events.csv"
items = "items.csv"
users = "users.csv"
positive = "rating >= 4"

[data.columns]
time = "time"
weight = "rating"

[data.item_features]
category = ["category"]

[split]
kind = "time"
window = 7
folds = 1
users = 20

[[sources]]
name = "popularity"
k = 30

[[sources]]
name = "ease"
k = 30

[tune]
trials = 0

[ranker]
seeds = 1
trees = 20

[gate]
users = 20
max_feature_psi = 100

[lists]
size = 5
reserve = 3

[retrain]
max_age = 365
"""


def midnight() -> datetime:
    """The begin of today."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def moment(weeks: float) -> datetime:
    """The moment so many weeks after the beginning of the data, an hour past midnight."""
    return midnight() + timedelta(days=7 * (weeks - TODAY), hours=1)


def world() -> World:
    """What the shop does until two weeks from now."""
    return small_world(weeks=WEEKS + 4)


def write(folder: Path, shop: World, weeks: float) -> None:
    """Write what the shop has written by a moment, its last week ending today."""
    now = until(shop, weeks)
    shift = round(midnight().timestamp() * 1000) - ms(TODAY)
    times = now.events.with_columns((pl.col("time") + shift) // 1000)
    times.write_csv(folder / "events.csv")
    now.users.select("user").write_csv(folder / "users.csv")
    now.items.select("item", "title", "category").write_csv(folder / "items.csv")


def without_half_of_the_week(shop: World) -> World:
    """The export lacks the second half of the week that ended today."""
    gone = pl.col("time").is_between(ms(TODAY - 0.5), ms(TODAY), closed="left")
    return with_events(shop, shop.events.filter(~gone))
