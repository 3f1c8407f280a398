"""Planted faults and changes: the next watch names the cause, and a healthy week raises nothing."""

import numpy as np
import polars as pl
import pytest

from benchmarks.watching.worlds import World
from tests.fusion.watching.shops import DAY, WEEKS, Watching, ms, small_world, until, with_events

NOW = WEEKS + 1
IN_LAST_WEEK = pl.col("time") >= ms(WEEKS)


@pytest.fixture(scope="module")
def watching():
    return Watching.begin(small_world())


def halved(world: World) -> World:
    last = world.events.filter(IN_LAST_WEEK).sample(fraction=0.5, seed=1)
    return with_events(world, pl.concat([world.events.filter(~IN_LAST_WEEK), last]))


def stale(world: World) -> World:
    return with_events(world, world.events.filter(~IN_LAST_WEEK))


def half_of_the_week(world: World) -> World:
    return with_events(world, world.events.filter(pl.col("time") < ms(NOW) - 3.5 * DAY))


def doubled(world: World) -> World:
    last = world.events.filter(IN_LAST_WEEK)
    return with_events(world, pl.concat([world.events, last]))


def renamed(column: str, share: float):
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


def rated(rating: pl.Expr):
    return lambda world: with_events(world, world.events.with_columns(rating.alias("rating")))


def shifted(world: World) -> World:
    half = pl.Series(np.random.default_rng(1).random(len(world.events)) < 0.5)
    earlier = pl.col("time") - 8 * 3_600_000
    time = pl.when(half & IN_LAST_WEEK).then(earlier).otherwise("time").alias("time")
    return with_events(world, world.events.with_columns(time))


def items_with(**columns: pl.Expr):
    return lambda world: World(world.events, world.users, world.items.with_columns(**columns))


def users_with(**columns: pl.Expr):
    return lambda world: World(world.events, world.users.with_columns(**columns), world.items)


def half_the_items(world: World) -> World:
    return World(world.events, world.users, world.items.sample(fraction=0.5, seed=1))


def half_the_users(world: World) -> World:
    return World(world.events, world.users.sample(fraction=0.5, seed=1), world.items)


FAULTS = {
    "halved": (halved, "missing"),
    "half of the week": (half_of_the_week, "stale"),
    "stale": (stale, "stale"),
    "doubled": (doubled, "doubled"),
    "users": (renamed("user", 0.2), "rekeyed"),
    "items": (renamed("item", 1.0), "rekeyed"),
    "bots": (bots, "bots"),
    "ten times": (rated(pl.col("rating") * 10), "unit"),
    "all one": (rated(pl.lit(1.0)), "constant"),
    "hours": (shifted, "clock"),
    "texts": (items_with(title=pl.lit("")), "blank"),
    "categories": (items_with(category=pl.lit("a|b")), "vocabulary"),
    "shuffled countries": (users_with(country=pl.col("country").shuffle(1)), "rewritten"),
    "constant country": (users_with(country=pl.lit("DE")), "vocabulary"),
    "items file": (half_the_items, "shrunk"),
    "users file": (half_the_users, "shrunk"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_with_its_cause(watching, name):
    plant, cause = FAULTS[name]
    watched = watching.next(plant(until(watching.world, NOW)))
    causes = [alarm.cause.code for alarm in watched.alarms]
    assert cause in causes
    assert {alarm.cause.kind for alarm in watched.alarms} == {"fault"}
    alarm = next(one for one in watched.alarms if one.cause.code == cause)
    assert alarm.cause.do in alarm.message


def test_another_taste_is_a_change(watching):
    world = until(watching.world, NOW)
    last = world.events.filter(IN_LAST_WEEK)
    people = last["user"].unique().sort().sample(fraction=0.6, seed=1).implode()
    is_mine = pl.col("user").is_in(people)
    mine, others = last.filter(is_mine), last.filter(~is_mine)
    moved = mine.with_columns(mine["item"].shuffle(4))
    events = pl.concat([world.events.filter(~IN_LAST_WEEK), moved, others])
    watched = watching.next(with_events(world, events))
    assert [(one.cause.code, one.cause.kind) for one in watched.alarms] == [("taste", "change")]


def test_a_healthy_week_raises_nothing_and_is_kept(watching):
    assert watching.first.alarms == ()
    watched = watching.next()
    assert watched.alarms == ()
    assert [(one.is_new, one.is_kept) for one in watched.windows] == [(True, True)]
    assert len(watched.days) == 7


def test_a_window_with_a_fault_is_measured_again_until_it_is_mended(watching):
    broken = watching.next(stale(until(watching.world, NOW)))
    assert not broken.windows[-1].is_kept
    assert watching.next().alarms == ()


def test_a_second_watch_of_the_same_moment_says_the_same_and_raises_nothing(watching):
    again = watching.next(weeks=WEEKS)
    assert again.windows[-1].judgements == watching.first.windows[-1].judgements
    assert not any(one.is_new for one in (*again.days, *again.windows))
    assert again.alarms == ()
