"""Generated shops that are steady: people and items come and go, and nothing else changes."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

DAY = 86_400_000
BEGIN = 1_577_923_200_000
"""Thursday, 2 January 2020, UTC: weeks of the data begin on any day but that of the grid."""
CATEGORIES = ("drama", "comedy", "crime", "action", "nature", "music", "history", "children")
COUNTRIES = ("DE", "FR", "PL", "IT", "ES")
WORDS = ("river", "night", "stone", "letter", "garden", "winter", "train", "island", "glass")
WEEKDAY_SHARES = np.array([1.0, 0.9, 0.9, 1.0, 1.3, 1.6, 1.4])
"""Of Monday to Sunday."""
TURN = 3
"""Categories by which a taste is turned where it changes."""
WARM_UP = 120
"""Days before the first that is told: so that people of all ages are there from the beginning."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Shop:
    """Sizes and habits of a shop.

    Attributes:
        users: active on a usual day of the week, about.
        days: of history.
        items: in the catalogue at any time, about.
        mondays: whether new items come on Mondays only.
        growth: share by which the number of people grows in a year.
        lifetime: days that people stay on average.
        novelty: days in which what is new about an item's appeal falls to a third.
        seed: of everything.
        changes: days on which tastes change.
        changing: share of people whose taste does.
    """

    users: int = 250
    days: int = 420
    items: int = 600
    mondays: bool = False
    growth: float = 0.0
    lifetime: float = 150.0
    novelty: float = 60.0
    seed: int = 1
    changes: tuple[int, ...] = ()
    changing: float = 0.6


@dataclass(frozen=True)
class World:
    """Everything that happened in a shop.

    Attributes:
        events: `user`, `item`, `time` (ms), `rating`; in time order.
        users: `user`, `country`, `age`.
        items: `item`, `title`, `category`, `price`, `day` of arrival.
    """

    events: pl.DataFrame
    users: pl.DataFrame
    items: pl.DataFrame


def make_world(shop: Shop) -> World:
    """Make a shop's history.

    Args:
        shop: sizes and habits.

    Returns:
        Events and tables.
    """
    rng = np.random.default_rng(shop.seed)
    people = _People(shop, rng)
    catalogue = _Catalogue(shop, rng)
    frames = []
    for day in range(shop.days):
        frames.append(_events_of(day, people, catalogue, rng))
    events = pl.concat(frames).sort("time", maintain_order=True)
    return World(events, people.table(), catalogue.table())


class _People:
    """People with a beginning, an end, a rate of coming and a taste."""

    def __init__(self, shop: Shop, rng: np.random.Generator) -> None:
        days = shop.days + WARM_UP
        # Each comes every sixth day or so: as many people as make the wanted number a day.
        alive = shop.users * 6
        n_born = rng.poisson(alive * (1 + days / shop.lifetime))
        born = rng.uniform(-shop.lifetime * 3, shop.days, round(n_born * 1.5))
        self.born = np.sort(born)
        n_people = len(self.born)
        self.end = self.born + rng.exponential(shop.lifetime, n_people)
        rate = rng.gamma(2.0, 1 / 12, n_people)
        months = np.arange(0, shop.days, 30)[:, None]
        alive_then = ((self.born <= months) & (self.end > months)).sum(axis=1).mean()
        self.rate = rate * shop.users / max(alive_then / 6, 1.0)
        self.growth = shop.growth
        self.taste = rng.dirichlet(np.full(len(CATEGORIES), 0.4), n_people)
        self.country = rng.choice(len(COUNTRIES), n_people, p=[0.4, 0.2, 0.2, 0.1, 0.1])
        self.age = rng.integers(16, 80, n_people)
        self.tastes = {0: self.taste}
        for day in shop.changes:
            self.taste = np.where(
                (rng.random(n_people) < shop.changing)[:, None],
                # What was liked best falls to the middle: their past says little any more.
                np.roll(self.taste, TURN, axis=1),
                self.taste,
            )
            self.tastes[day] = self.taste

    def taste_on(self, day: int) -> Floats:
        """Chances of categories for each person on a day."""
        return self.tastes[max(first for first in self.tastes if first <= day)]

    def coming(self, day: int, rng: np.random.Generator) -> Ints:
        """Draw who comes on a day, each as often as they take something."""
        is_alive = (self.born <= day) & (self.end > day)
        weekday = (3 + day) % 7
        grown = (1 + self.growth) ** (day / 365)
        # A day is better or worse for everybody: weather, news, football.
        mood = rng.lognormal(0.0, 0.08)
        share = WEEKDAY_SHARES[weekday] / WEEKDAY_SHARES.mean() * mood * grown
        comes = rng.random(len(self.rate)) < np.minimum(self.rate * share, 0.9) * is_alive
        who = np.flatnonzero(comes)
        return np.repeat(who, 1 + rng.poisson(1.5, len(who)))

    def table(self) -> pl.DataFrame:
        """The users file."""
        return pl.DataFrame(
            {
                "user": [f"u{number}" for number in range(len(self.born))],
                "country": [COUNTRIES[code] for code in self.country],
                "age": self.age,
                "born": self.born,
            }
        )


class _Catalogue:
    """Items with an arrival, a category, and a popularity that fades."""

    def __init__(self, shop: Shop, rng: np.random.Generator) -> None:
        stay = 400.0
        n_items = round(shop.items * (1 + shop.days / stay))
        arrivals = np.sort(rng.uniform(-stay, shop.days, n_items))
        if shop.mondays:
            # Day 0 is a Thursday.
            arrivals = np.floor((arrivals - 4) / 7) * 7 + 4
        self.arrival = arrivals
        self.appeal = rng.lognormal(0.0, 1.0, n_items)
        self.novelty = shop.novelty
        self.category = rng.integers(0, len(CATEGORIES), n_items)
        self.price = np.round(rng.lognormal(2.5, 0.6, n_items), 2)
        self.titles = [" ".join(rng.choice(WORDS, rng.integers(2, 5))) for _ in range(n_items)]

    def weights(self, day: int) -> list[tuple[Ints, Floats]]:
        """Items of each category and their chances on a day."""
        age = day - self.arrival
        shown = 0.2 + np.exp(-np.maximum(age, 0) / self.novelty)
        appeal = np.where(age >= 0, self.appeal * shown, 0.0)
        weights = []
        for category in range(len(CATEGORIES)):
            rows = np.flatnonzero((self.category == category) & (appeal > 0))
            weights.append((rows, appeal[rows] / appeal[rows].sum()))
        return weights

    def table(self) -> pl.DataFrame:
        """The items file."""
        return pl.DataFrame(
            {
                "item": [f"i{number}" for number in range(len(self.arrival))],
                "title": self.titles,
                "category": [CATEGORIES[code] for code in self.category],
                "price": self.price,
                "day": self.arrival,
            }
        )


def _events_of(
    day: int, people: _People, catalogue: _Catalogue, rng: np.random.Generator
) -> pl.DataFrame:
    """Events of one day."""
    who = people.coming(day, rng)
    taste = people.taste_on(day)
    cumulative = taste[who].cumsum(axis=1)
    category = (rng.random(len(who))[:, None] > cumulative).sum(axis=1)
    category = np.minimum(category, len(CATEGORIES) - 1)
    item = np.zeros(len(who), np.int64)
    for code, (rows, chances) in enumerate(catalogue.weights(day)):
        wanted = np.flatnonzero(category == code)
        item[wanted] = rng.choice(rows, len(wanted), p=chances)
    hour = np.clip(rng.normal(18, 4, len(who)), 0, 23.99)
    time = BEGIN + day * DAY + (hour * 3_600_000).astype(np.int64)
    liking = taste[who, category]
    rating = np.clip(np.round(rng.normal(3.0 + 1.2 * liking, 0.9)), 1, 5)
    return pl.DataFrame({"user": who, "item": item, "time": time, "rating": rating}).with_columns(
        ("u" + pl.col("user").cast(pl.String)).alias("user"),
        ("i" + pl.col("item").cast(pl.String)).alias("item"),
    )
