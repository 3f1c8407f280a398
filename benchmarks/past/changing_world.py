"""A world whose tastes change twice within the weeks that are replayed, with cheap sources."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.watching.watched_shop import FIRST_DAY
from benchmarks.watching.worlds import Shop, make_world
from flows.steps.past.dates import PastDates

WEEK = timedelta(days=7)
CONFIG = """\
[data]
interactions = "events.parquet"
items = "items.parquet"

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
size = 10
reserve = 0
users = "active:56d"
exclude_seen = false
why_rows = 0
"""
"""Small fits: hundreds of trainings are to end within an hour or two."""
SOURCES = {"popularity": 5, "item_knn": 15, "neighbour_trend": 15}
"""With the candidates that each proposes."""
LIFETIME, NOVELTY = 600.0, 400.0
"""Days: people and items come and go slowly, and people take again what they took before."""
CHANGING = 0.2
"""Share of people whose taste turns at a change."""
CHANGES = (2, 11)
"""Weeks after the first date in whose midst tastes change. A watch knows what is usual from eight
windows on, also after an answered change: one that follows sooner is not seen."""


@dataclass(frozen=True)
class Size:
    """The size of a world.

    Attributes:
        users: active on a usual day; about three times as many are warm in a week.
        history: weeks before the first date.
        weeks: that are replayed.
    """

    users: int
    history: int
    weeks: int

    @property
    def dates(self) -> PastDates:
        """The borders of the windows."""
        first: datetime = FIRST_DAY + self.history * WEEK
        return PastDates(first, first + self.weeks * WEEK, WEEK)


def write_world(folder: Path, size: Size, seed: int) -> Path:
    """Write data and a configuration, unless they are there already.

    Args:
        folder: where; made when it is not there.
        size: of the world.
        seed: of its draws.

    Returns:
        The configuration.
    """
    config = folder / "fusion.toml"
    if config.exists():
        return config
    folder.mkdir(parents=True, exist_ok=True)
    world = make_world(
        Shop(
            users=size.users,
            days=7 * (size.history + size.weeks),
            seed=seed,
            lifetime=LIFETIME,
            novelty=NOVELTY,
            changing=CHANGING,
            changes=tuple(7 * (size.history + week) + 3 for week in CHANGES),
        )
    )
    world.events.write_parquet(folder / "events.parquet")
    world.items.select("item", "category").write_parquet(folder / "items.parquet")
    entries = "".join(f'\n[[sources]]\nname = "{name}"\nk = {k}\n' for name, k in SOURCES.items())
    # Last: a world that was written by half is written again.
    config.write_text(CONFIG + entries)
    return config
