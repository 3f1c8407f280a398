"""A shop that only gets older: people and items come and go at the same rate all the while."""

import numpy as np
import polars as pl

from fusion.core.arrays import DAY
from fusion.data.dataset import Dataset
from tests.fusion.making import START, dataset

STAY, NOVELTY, LATE = 120.0, 60.0, 28
"""Days that people stay, days in which the appeal of an item falls to a third; days of a change."""
WEEKDAYS = np.array([1.0, 0.9, 0.9, 1.0, 1.3, 1.6, 1.4])
RANKS = 1 / np.arange(1, 11)


def steady_shop(days: int, *, busier: float = 1.0, seed: int = 1) -> pl.DataFrame:
    """Interactions of so many days; in the last `LATE` people take `busier` times as much.

    A day of the shop is the same however long it has been there: everything but the number of days
    is drawn day by day.
    """
    frames = []
    for day in range(-round(4 * STAY), days):
        rng = np.random.default_rng([seed, day + 10_000])
        n_people = rng.poisson(8)
        stays = rng.exponential(STAY, n_people)
        rates = rng.gamma(2.0, 0.1, n_people) * WEEKDAYS.max()
        events = rng.poisson(rates * stays)
        person = np.repeat(np.arange(n_people), events)
        at = day + rng.random(len(person)) * stays[person]
        is_open = rng.random(len(at)) < (WEEKDAYS / WEEKDAYS.max())[at.astype(int) % 7]
        released = np.floor(at - rng.exponential(NOVELTY, len(at))).astype(int)
        which = rng.choice(len(RANKS), len(at), p=RANKS / RANKS.sum())
        made = {"day": np.full(len(at), day), "person": person, "at": at}
        made |= {"released": released, "which": which}
        frames.append(pl.DataFrame(made).filter(is_open))
    log = pl.concat(frames).filter(pl.col("at").is_between(0, days, closed="left"))
    late = log.filter(pl.col("at") >= days - LATE)
    extra = late.sample(fraction=busier - 1, seed=seed).with_columns(pl.col("at") - 1e-3)
    return pl.concat([log, extra]).select(
        user=pl.format("u{}-{}", "day", "person"),
        item=pl.format("i{}-{}", "released", "which"),
        time=START + (pl.col("at") * DAY).cast(pl.Int64),
        weight=pl.lit(1.0, pl.Float32),
        liked=pl.lit(True),
    )


def known_after(log: pl.DataFrame, days: int, keep: int | None = None) -> Dataset:
    """What an export shows at the end of a day: everything so far, or the last days it keeps."""
    end = START + days * DAY
    begin = end - keep * DAY if keep else START
    return dataset(log.filter(pl.col("time").is_between(begin, end, closed="left")), as_of=end)
