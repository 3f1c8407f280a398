"""The shop of the year: its world, what its export holds in a night, and its configuration."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.watching.watched_shop import FIRST_DAY
from benchmarks.watching.worlds import Shop, World, make_world

DAYS_KEPT = 120
"""Days that the export holds."""
YEAR = 365
"""Nights that the world lasts."""
NIGHT = timedelta(hours=3)
"""Hours into the day at which the schedule begins."""
SIZE = 10
"""Shown places of a list."""
RETAINED = 14
"""Newest runs, and days of those that were live, which stay."""
CONFIG = """\
[data]
interactions = "export/events.parquet"
items = "export/items.parquet"

[data.columns]
user = "user"
item = "item"
time = "time"

[data.item_columns]
id = "item"

[data.item_features]
category = ["category"]

[split]
kind = "time"
window = 7
folds = 1
users = 50

[tune]
trials = 0
contributions = false

[ranker]
seeds = 1
trees = 20
leaves = 15
learning_rate = 0.2
max_rows = 60000

[lists]
size = {size}
reserve = 5
users = "active:28d"
exclude_seen = false

[retrain]
max_age = 0.5

[retention]
runs = {retained}
days = {retained}

[artifacts]
path = "runs"
wait = 3

[storage]
url = "{url}"
patience = 2

[[sources]]
name = "popularity"
k = 10

[[sources]]
name = "item_knn"
k = 15

[[sources]]
name = "category"
k = 10
"""
"""Cheap sources and a small ranker: a night is to cost some seconds."""


@dataclass(frozen=True)
class SmallShop:
    """A shop in a folder, that goes on for as many days as there are nights.

    Attributes:
        folder: with the configuration, its export and its runs.
        world: everything that ever happens.
        url: of its database.
    """

    folder: Path
    world: World
    url: str

    @classmethod
    def open(cls, folder: Path, users: int, seed: int, url: str) -> "SmallShop":
        """Make the shop and write its configuration.

        Args:
            folder: where; made when it is not there.
            users: on a usual day.
            seed: of all draws.
            url: of its database.
        """
        days = DAYS_KEPT + YEAR + 1
        shop = Shop(users=users, items=300, days=days, seed=seed, lifetime=300.0, novelty=200.0)
        (folder / "export").mkdir(parents=True, exist_ok=True)
        config = CONFIG.format(size=SIZE, retained=RETAINED, url=url)
        (folder / "fusion.toml").write_text(config)
        return cls(folder, make_world(shop), url)

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.folder / "fusion.toml"

    @property
    def runs(self) -> Path:
        """The folder of runs, with store and watches."""
        return self.folder / "runs"

    @property
    def events_file(self) -> Path:
        """The export's file of events."""
        return self.folder / "export" / "events.parquet"

    def events(self, night: int) -> pl.DataFrame:
        """Return what a whole export holds: the newest days until the midnight before a night.

        Args:
            night: number of the night, from 0.
        """
        end = midnight(night)
        time = pl.from_epoch("time", "ms").dt.replace_time_zone("UTC")
        is_kept = time.is_between(end - timedelta(days=DAYS_KEPT), end, closed="left")
        return self.world.events.filter(is_kept).select("user", "item", "time")

    def export(self, night: int, events: pl.DataFrame | None = None) -> None:
        """Write the export of a night.

        Args:
            night: number of the night, from 0.
            events: in place of the whole ones.
        """
        whole = self.events(night) if events is None else events
        whole.write_parquet(self.events_file)
        is_there = pl.col("day") < DAYS_KEPT + night
        items = self.world.items.filter(is_there).select("item", "category")
        items.write_parquet(self.folder / "export" / "items.parquet")


def midnight(night: int) -> datetime:
    """Return the midnight at which the day before a night ends.

    Args:
        night: number of the night, from 0.
    """
    return FIRST_DAY.astimezone(UTC) + timedelta(days=DAYS_KEPT + night)
