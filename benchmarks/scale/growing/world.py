"""Generated ratings with the shape of MovieLens 20M, of any number of events.

A smaller world is a sample of users: histories keep their lengths and items their shares, and only
the users grow with the events. So what is measured at several sizes is the same data, less of it.
"""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

EVENTS_PER_USER = 144.4
"""20,000,263 ratings of 138,493 users."""
ITEMS = 26_744
SHORTEST, LONGEST = 20, 9_254
"""Ratings of a user, at least and at most."""
HISTORY = np.log(48), 1.38
"""Centre and spread of the logarithm of what a history holds beyond the shortest."""
POPULARITY = np.log(18), 2.73
"""The same of an item's events among 20 million."""
MOST_TAKEN = 0.486
"""Share of users who rated the item that most rated."""
GENRES = 20
OWN_GENRES, TASTE = 3, 0.6
"""Genres that a user likes, and the share of their events that go there."""
DAYS, LASTING = 1_500, 90.0
"""Days of the world; days after a user's first event that their others come, on average."""
DAY, START = 86_400, 1_400_000_000
ROUNDS = 40
"""Draws again of events that repeated an item."""
WORDS = ("red", "blue", "old", "new", "last", "lost", "dark", "silent", "long", "golden", "wild")
THINGS = ("house", "river", "night", "city", "king", "garden", "road", "letter", "winter", "sea")


def movielens_shaped(events: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return ratings and items.

    Args:
        events: ratings, about.
        seed: of all draws.

    Returns:
        user, item, rating, time (epoch seconds), sorted by time, each pair once; and item, title,
        genres of every item.
    """
    # The catalogue is the same for any number of users.
    of_items, rng = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    genre = of_items.integers(GENRES, size=ITEMS)
    chance, items = _chances(of_items), _items(of_items, genre)
    users = round(events / EVENTS_PER_USER)
    centre, spread = HISTORY
    lengths = SHORTEST + np.exp(rng.normal(centre, spread, users)).astype(np.int64)
    lengths = lengths.clip(max=LONGEST)
    likes = rng.integers(GENRES, size=(users, OWN_GENRES))
    who, item = _distinct(rng, lengths, likes, genre, chance)
    begun = rng.uniform(0, DAYS, users)
    day = np.minimum(begun[who] + rng.exponential(LASTING, len(who)), DAYS)
    # Whoever came last would all end at one moment: their events are spread over what is left.
    late = day >= DAYS
    day[late] = begun[who[late]] + rng.random(late.sum()) * (DAYS - begun[who[late]])
    is_liked = (likes[who] == genre[item][:, None]).any(axis=1)
    rating = np.rint(rng.normal(3.2 + 0.7 * is_liked, 1.0)).clip(1, 5)
    time = START + (day * DAY).astype(np.int64)
    frame = pl.DataFrame({"user": who, "item": item, "rating": rating, "time": time})
    return frame.sort("time", maintain_order=True), items


def _chances(rng: np.random.Generator) -> NDArray[np.float64]:
    """Relative popularity of each item, of which none is taken by more than the share of users."""
    centre, spread = POPULARITY
    taken = np.exp(rng.normal(centre, spread, ITEMS))
    return taken.clip(max=MOST_TAKEN * 20_000_263 / EVENTS_PER_USER)


def _distinct(
    rng: np.random.Generator,
    lengths: NDArray[np.int64],
    likes: NDArray[np.int64],
    genre: NDArray[np.int64],
    chance: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the users' items by genre and popularity; what repeats an item is drawn again."""
    keys = np.empty(0, np.int64)
    missing = lengths
    for _ in range(ROUNDS):
        who = np.repeat(np.arange(len(lengths)), missing)
        own = likes[who, rng.integers(OWN_GENRES, size=len(who))]
        wanted = np.where(rng.random(len(who)) < TASTE, own, GENRES)
        item = _draw(rng, wanted, genre, chance)
        keys = np.unique(np.concatenate([keys, who * ITEMS + item]))
        missing = lengths - np.bincount(keys // ITEMS, minlength=len(lengths))
        if not missing.any():
            break
    return keys // ITEMS, keys % ITEMS


def _draw(
    rng: np.random.Generator,
    wanted: NDArray[np.int64],
    genre: NDArray[np.int64],
    chance: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Draw an item of each wanted genre, or of all genres for the number after the last."""
    drawn = np.empty(len(wanted), np.int64)
    for one in range(GENRES + 1):
        mine = np.flatnonzero(wanted == one)
        members = np.flatnonzero(genre == one) if one < GENRES else np.arange(ITEMS)
        ends = np.cumsum(chance[members])
        drawn[mine] = members[np.searchsorted(ends, rng.random(len(mine)) * ends[-1], "right")]
    return drawn


def _items(rng: np.random.Generator, genre: NDArray[np.int64]) -> pl.DataFrame:
    """Titles and genres: each item's own genre, and another for half of them."""
    other = rng.integers(GENRES, size=ITEMS)
    word, thing = rng.integers(len(WORDS), size=ITEMS), rng.integers(len(THINGS), size=ITEMS)
    both = rng.random(ITEMS) < 0.5
    genres, titles = [], []
    for row in range(ITEMS):
        second = f"|genre {other[row]}" if both[row] else ""
        genres.append(f"genre {genre[row]}{second}")
        titles.append(f"The {WORDS[word[row]]} {THINGS[thing[row]]} {row}")
    return pl.DataFrame({"item": np.arange(ITEMS), "title": titles, "genres": genres})


def write_world(folder: Path, events: int, seed: int) -> str:
    """Write ratings and items as Parquet.

    Args:
        folder: made where it is not there.
        events: ratings, about.
        seed: of all draws.

    Returns:
        A sentence with the shape of what was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ratings, items = movielens_shaped(events, seed)
    ratings.write_parquet(folder / "ratings.parquet")
    items.write_parquet(folder / "items.parquet")
    return shape(ratings)


def shape(ratings: pl.DataFrame) -> str:
    """Return users, items, and quantiles of histories and popularity in one sentence.

    Args:
        ratings: with `user` and `item`.
    """
    told = []
    for column in ("user", "item"):
        counts = ratings[column].value_counts()["count"]
        quantiles = [int(counts.quantile(q) or 0) for q in (0, 0.25, 0.5, 0.75, 1)]
        told.append(
            f"{len(counts):,} {column}s with {' / '.join(f'{each:,}' for each in quantiles)}"
        )
    return (
        f"{len(ratings):,} ratings; " + " and ".join(told) + " (least, quartiles, most) events each"
    )
