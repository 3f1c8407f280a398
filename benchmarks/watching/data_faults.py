"""Faults of data: each turns what a shop has written into what a broken export would hold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks.watching.watched_shop import WEEKS, ms, with_events
from benchmarks.watching.worlds import DAY, World

NOW = WEEKS + 1
"""The week at whose end a fault is there; all is well a week before."""
IN_LAST_WEEK = pl.col("time") >= ms(WEEKS)
Plant = Callable[[World], World]


def halved(world: World) -> World:
    """Lose every other event of the last week."""
    last = world.events.filter(IN_LAST_WEEK).sample(fraction=0.5, seed=1)
    return with_events(world, pl.concat([world.events.filter(~IN_LAST_WEEK), last]))


def stale(world: World) -> World:
    """Stop a week ago: the export did not come."""
    return with_events(world, world.events.filter(~IN_LAST_WEEK))


def half_of_the_week(world: World) -> World:
    """Stop in the middle of the last week."""
    return with_events(world, world.events.filter(pl.col("time") < ms(NOW) - 3.5 * DAY))


def doubled(world: World) -> World:
    """Deliver the last week twice."""
    last = world.events.filter(IN_LAST_WEEK)
    return with_events(world, pl.concat([world.events, last]))


def everything_doubled(world: World) -> World:
    """Deliver the whole log twice."""
    return with_events(world, pl.concat([world.events, world.events]))


def renamed(column: str, share: float) -> Plant:
    """Give a share of the ids of a column new names, in the whole history and in its table."""

    def rename(world: World) -> World:
        names = world.events[column].unique().sort()
        chosen = names.sample(fraction=share, seed=3).implode()
        new = pl.when(pl.col(column).is_in(chosen)).then("x" + pl.col(column)).otherwise(column)
        table = world.users if column == "user" else world.items
        tables = {"users" if column == "user" else "items": table.with_columns(new.alias(column))}
        return World(
            **{"users": world.users, "items": world.items, **tables},
            events=world.events.with_columns(new.alias(column)),
        )

    return rename


def bots(world: World) -> World:
    """Let thirty accounts promote five items in the last week."""
    rng = np.random.default_rng(2)
    last, n_events = world.events.filter(IN_LAST_WEEK), 30 * 200
    promoted = rng.choice(world.items["item"].to_numpy(), 5)
    visits = pl.DataFrame(
        {
            "user": [f"bot{number // 200}" for number in range(n_events)],
            "item": rng.choice(promoted, n_events),
            "time": rng.choice(last["time"].to_numpy(), n_events),
            "rating": rng.choice([3.0, 4.0, 5.0], n_events),
        }
    )
    return with_events(world, pl.concat([world.events, visits]))


def rated(rating: pl.Expr) -> Plant:
    """Write every rating of the history anew."""
    return lambda world: with_events(world, world.events.with_columns(rating.alias("rating")))


def shifted(world: World) -> World:
    """Write half of the last week in a time zone eight hours behind."""
    half = pl.Series(np.random.default_rng(1).random(len(world.events)) < 0.5)
    earlier = pl.col("time") - 8 * 3_600_000
    time = pl.when(half & IN_LAST_WEEK).then(earlier).otherwise("time").alias("time")
    return with_events(world, world.events.with_columns(time))


def items_with(**columns: pl.Expr) -> Plant:
    """Write columns of the items file anew."""
    return lambda world: World(world.events, world.users, world.items.with_columns(**columns))


def users_with(**columns: pl.Expr) -> Plant:
    """Write columns of the users file anew."""
    return lambda world: World(world.events, world.users.with_columns(**columns), world.items)


def half_the_items(world: World) -> World:
    """Lose half of the items file."""
    return World(world.events, world.users, world.items.sample(fraction=0.5, seed=1))


def half_the_users(world: World) -> World:
    """Lose half of the users file."""
    return World(world.events, world.users.sample(fraction=0.5, seed=1), world.items)


def another_taste(share: float) -> Plant:
    """Let a share of the last week's people choose what others of them would."""

    def move(world: World) -> World:
        last = world.events.filter(IN_LAST_WEEK)
        people = last["user"].unique().sort().sample(fraction=share, seed=1).implode()
        is_theirs = pl.col("user").is_in(people)
        theirs, others = last.filter(is_theirs), last.filter(~is_theirs)
        moved = theirs.with_columns(theirs["item"].shuffle(4))
        return with_events(world, pl.concat([world.events.filter(~IN_LAST_WEEK), moved, others]))

    return move


def month_missing(world: World) -> World:
    """Leave out a month of the past."""
    is_gone = pl.col("time").is_between(ms(WEEKS - 14), ms(WEEKS - 10), closed="left")
    return with_events(world, world.events.filter(~is_gone))


@dataclass(frozen=True)
class Fault:
    """A fault and what it should be found by.

    Attributes:
        plant: makes it.
        cause: code of the cause that the next watch names.
    """

    plant: Plant
    cause: str


FAULTS = {
    "last week halved": Fault(halved, "missing"),
    "half of the week missing": Fault(half_of_the_week, "stale"),
    "a month missing": Fault(month_missing, "rewritten"),
    "stale file": Fault(stale, "stale"),
    "last week doubled": Fault(doubled, "doubled"),
    "everything doubled": Fault(everything_doubled, "doubled"),
    "20 % of users re-keyed": Fault(renamed("user", 0.2), "rekeyed"),
    "all items re-keyed": Fault(renamed("item", 1.0), "rekeyed"),
    "30 bots on 5 items": Fault(bots, "bots"),
    "weights times ten": Fault(rated(pl.col("rating") * 10), "unit"),
    "weights all 1": Fault(rated(pl.lit(1.0)), "constant"),
    "half of the times shifted": Fault(shifted, "clock"),
    "texts blanked": Fault(items_with(title=pl.lit("")), "blank"),
    "a foreign category": Fault(items_with(category=pl.lit("a|b")), "vocabulary"),
    "country swapped": Fault(users_with(country=pl.col("country").shuffle(1)), "rewritten"),
    "country constant": Fault(users_with(country=pl.lit("DE")), "vocabulary"),
    "half of the catalogue gone": Fault(half_the_items, "shrunk"),
    "users file halved": Fault(half_the_users, "shrunk"),
}
"""Faults of data by what they are called."""
