"""A steady shop of less than a year, and what a watch reads of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl

from benchmarks.watching.worlds import BEGIN, Shop, World, make_world
from fusion.watching.figure import WINDOW
from fusion.watching.figures.known_ids import KnownIds, digest_ids, sample_limits
from fusion.watching.figures.measuring import WatchedData
from fusion.watching.past import Layout, Past
from fusion.watching.reading.attribute_table import attribute_table, decile_edges
from fusion.watching.reading.event_log import EventLog
from fusion.watching.reading.id_hashes import IdHasher
from fusion.watching.watch import WatchResult, watch

WEEKS = 40
FIRST_DAY = datetime.fromtimestamp(BEGIN / 1000, UTC).replace(hour=0, minute=0)


def at(weeks: float) -> datetime:
    """The moment so many weeks after the beginning of the data."""
    return FIRST_DAY + timedelta(days=7 * weeks)


def ms(weeks: float) -> int:
    """Return the same moment as epoch ms."""
    return round(at(weeks).timestamp() * 1000)


def small_world(seed: int = 1, weeks: int = WEEKS + 2, users: int = 60) -> World:
    """Make a steady shop of so many people on a usual day."""
    return make_world(Shop(users=users, days=7 * weeks, items=300, seed=seed))


def until(world: World, weeks: float) -> World:
    """Return what the shop has written by a moment."""
    days = 7 * weeks
    return World(
        world.events.filter(pl.col("time") < ms(weeks)),
        world.users.filter(pl.col("born") < days),
        world.items.filter(pl.col("day") < days),
    )


def as_read(world: World, edges=None) -> WatchedData:
    """Return what a watch reads of it."""
    events, users, items = world.events, IdHasher(), IdHasher()
    hashed = events.select(
        users.of(events["user"]),
        items.of(events["item"]),
        "time",
        pl.col("rating").cast(pl.Float32).alias("weight"),
        (pl.col("rating") >= 4).alias("liked"),
    )
    log = EventLog(hashed, len(hashed), 0, 0, True)
    age = pl.col("age").cast(pl.Float64)
    people = attribute_table("users", world.users.select(id="user", country="country", age=age))
    category = pl.col("category").str.split("|")
    goods = world.items.select(id="item", text="title", category=category, price="price")
    tables = [people, attribute_table("items", goods)]
    own_edges = {table.subject: decile_edges(table) for table in tables}
    return WatchedData(log, tables, True, edges or own_edges)


@dataclass(frozen=True)
class Watching:
    """A shop that has been watched once, at the end of a week."""

    world: World
    data: WatchedData
    layout: Layout
    past: Past
    known: KnownIds
    first: WatchResult
    weeks: int

    @classmethod
    def begin(cls, world: World, weeks: int = WEEKS) -> "Watching":
        """Watch a shop for the first time."""
        data = as_read(until(world, weeks))
        layout, past = Layout.first(at(weeks), 7, "UTC"), Past()
        first = watch(data, past, layout, at(weeks))
        known = digest(data, layout, weeks, None)
        return cls(world, data, layout, past, known, first, weeks)

    def next(self, broken: World | None = None, weeks: float | None = None) -> WatchResult:
        """Watch a week later, what the shop has written by then or what it was turned into."""
        moment = self.weeks + 1 if weeks is None else weeks
        data = as_read(broken or until(self.world, moment), self.data.edges)
        past = Past(dict(self.past.days), dict(self.past.windows), dict(self.past.baselines))
        now = digest(data, self.layout, moment, self.known)
        return watch(data, past, self.layout, at(moment), known=(self.known, now))


def digest(data: WatchedData, layout: Layout, weeks: float, before: KnownIds | None) -> KnownIds:
    """Digest the sample as the data shows it."""
    events = data.log.events
    limits = before.limits if before else sample_limits(events, data.tables)
    return digest_ids(events, data.tables, layout.spans(WINDOW, at(weeks)), limits)


def with_events(world: World, events: pl.DataFrame) -> World:
    """Put other events in the place of a shop's."""
    return replace(world, events=events.sort("time", maintain_order=True))
