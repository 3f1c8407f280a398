"""A shop whose history ends now, so that a cron that comes now finds what it is to find."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.watching.data_faults import NOW, another_taste, half_of_the_week
from benchmarks.watching.watched_shop import at, small_world, until

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

[data.user_features]
category = ["country"]

[split]
kind = "time"
window = 7
folds = 2
users = 50

[[sources]]
name = "popularity"
k = 20

[[sources]]
name = "item_knn"
k = 20

[tune]
trials = 0

[ranker]
seeds = 1
trees = 10

[lists]
placement = "{placement}"
size = 5
reserve = 2

[gate]
users = 20
{gate}
[retrain]
cooldown = 0
{retrain}
[watch]
cron = "{watch}"
{notify}"""


@dataclass(frozen=True)
class MovingShop:
    """Files of a shop, written up to some week; week NOW ends at the last midnight.

    Attributes:
        folder: of the files and the configuration.
        placement: where its lists are shown.
        receiver: address of what is told; "" tells nobody.
    """

    folder: Path
    placement: str
    receiver: str = ""

    def configure(self, watch: str = "0 * * * *", retrain: str = "", gate: str = "") -> Path:
        """Write the configuration, with a cron of its watches and further lines of two sections."""
        config = self.folder / "fusion.toml"
        notify = f'[notify]\nurls = ["{self.receiver}"]\n' if self.receiver else ""
        sections = {"watch": watch, "retrain": retrain, "gate": gate, "notify": notify}
        config.write_text(CONFIG.format(placement=self.placement, **sections))
        return config

    def write(self, weeks: float, last_week: str = "healthy") -> None:
        """Write what has happened by then; the last week may have drifted, or be half there."""
        world = until(small_world(), weeks)
        if last_week == "drifted":
            world = another_taste(0.9)(world)
        if last_week == "broken":
            world = half_of_the_week(world)
        time = (pl.col("time") + _shift() // timedelta(milliseconds=1)) // 1000
        world.events.with_columns(time).write_csv(self.folder / "events.csv")
        world.users.drop("born").write_csv(self.folder / "users.csv")
        world.items.drop("day").write_csv(self.folder / "items.csv")


def moment(weeks: float) -> datetime:
    """When a week of the shop ends in our time."""
    return at(weeks) + _shift()


def weeks_by_now() -> float:
    """The present in weeks of the shop."""
    return NOW + (datetime.now(UTC) - moment(NOW)) / timedelta(weeks=1)


def _shift() -> timedelta:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - at(NOW)
