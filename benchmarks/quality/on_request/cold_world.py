"""A generated shop whose likes follow what the users file says, or nothing of it."""

import numpy as np
import polars as pl

COUNTRIES, JOBS, DEVICES = 6, 8, 4
TRAITS = 12
"""Traits of items, which tastes ask for."""
DAY = 86_400_000
DAYS = 364
START = 1_600_000_000_000
OWN = 1.0
"""Weight of a user's own taste, which no attribute foretells, where attributes together weigh 1."""
PULL = 1.2
"""Weight of taste beside popularity."""


def cold_shop(
    seed: int, planted: bool, n_users: int = 3000, n_items: int = 800, n_cold: int = 300
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw interactions and users.

    Tastes are a sum of what country, job and age bring, of what job and age bring together, and of
    the user's own. The device brings nothing. Where nothing is planted, attributes are dealt out
    anew, so that all else stays as it is.

    Args:
        seed: of all draws.
        planted: whether likes follow attributes.
        n_users: with interactions, 3 to 60 of them.
        n_items: items, of which most are liked by few.
        n_cold: users without any interaction.

    Returns:
        user, item, time (ms), weight, liked; and id, country, job, device, age.
    """
    rng = np.random.default_rng(seed)
    total = n_users + n_cold
    country, job = rng.integers(COUNTRIES, size=total), rng.integers(JOBS, size=total)
    age = rng.integers(16, 80, size=total)
    generation = age // 16 - 1
    brought = (
        rng.normal(size=(COUNTRIES, TRAITS))[country]
        + rng.normal(size=(JOBS, TRAITS))[job]
        + rng.normal(size=(4, TRAITS))[generation]
        + rng.normal(size=(JOBS, 4, TRAITS))[job, generation]
    ) / 2
    taste = brought + OWN * rng.normal(size=(total, TRAITS))
    events = _events(rng, taste[:n_users], n_items)
    dealt = np.arange(total) if planted else rng.permutation(total)
    said = pl.DataFrame(
        {
            "id": [f"u{user}" for user in range(total)],
            "country": [f"c{number}" for number in country[dealt]],
            "job": [f"j{number}" for number in job[dealt]],
            "device": [f"d{number}" for number in rng.integers(DEVICES, size=total)],
            "age": age[dealt].astype(np.float64),
        }
    )
    return events, said


def _events(rng: np.random.Generator, tastes: np.ndarray, n_items: int) -> pl.DataFrame:
    """Draw what users of these tastes (n, TRAITS) take, within two months of each user's own."""
    traits = rng.normal(size=(n_items, TRAITS)) / np.sqrt(TRAITS)
    popularity = -0.8 * np.log(np.arange(n_items) + 10.0)[rng.permutation(n_items)]
    rise = rng.normal(size=n_items)
    users, items, times = [], [], []
    for user, taste in enumerate(tastes):
        n_events = int(np.clip(rng.geometric(1 / 15), 3, 60))
        day = rng.random() * DAYS + rng.random(n_events) * 60
        day = np.sort(day[day < DAYS])
        utility = (
            popularity + PULL * traits @ taste + rise * (day.mean() / DAYS - 0.5 if len(day) else 0)
        )
        # The largest of utilities with Gumbel noise are a draw without replacement.
        order = np.argsort(-(utility + rng.gumbel(size=n_items)))[: len(day)]
        users += [user] * len(day)
        items += order.tolist()
        times += (START + day * DAY).astype(np.int64).tolist()
    frame = pl.DataFrame({"user": users, "item": items, "time": times}).sort("time")
    return frame.with_columns(
        pl.format("u{}", "user").alias("user"),
        pl.format("i{}", "item").alias("item"),
        pl.lit(1.0, pl.Float32).alias("weight"),
        pl.lit(True).alias("liked"),
    )
