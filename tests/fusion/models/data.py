"""Small datasets that have everything a source may need: text, categories, times, weights, repeats, silence."""

from dataclasses import replace

import numpy as np
import polars as pl

from fusion.core.arrays import DAY, offsets
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.id_map import IdMap
from fusion.data.topk import Pairs
from fusion.models.base.recommender import FitContext

WORDS = ("blue", "green", "river", "night", "train", "garden", "winter", "letter")
START = 1_500_000_000_000
UNKNOWN = -1


def ids(prefix: str, count: int) -> IdMap:
    return IdMap(pl.Series("id", [f"{prefix}{n}" for n in range(count)], dtype=pl.String))


def item_table(n_items: int) -> pl.DataFrame:
    """Texts of two words and one or two categories; every ninth item has neither."""
    texts = [
        f"the {WORDS[n % 8]} {WORDS[(n // 8 + n) % 8]} {n}" if n % 9 != 8 else None
        for n in range(n_items)
    ]
    lists = [
        ["even" if n % 2 == 0 else "odd", f"third{n % 3}"] if n % 9 != 8 else None
        for n in range(n_items)
    ]
    types = {"text": pl.String, "category": pl.List(pl.String)}
    return pl.DataFrame({"text": texts, "category": lists}, schema=types)


def dataset(users, items, n_users: int, n_items: int, times=None, weights=None) -> Dataset:
    """Interactions in the order given; without times, an hour lies between any two."""
    count = len(users)
    times = (
        START + np.arange(count, dtype=np.int64) * 3_600_000
        if times is None
        else np.asarray(times, np.int64)
    )
    return Dataset(
        user_ids=ids("u", n_users),
        item_ids=ids("i", n_items),
        users=np.asarray(users, np.int32),
        items=np.asarray(items, np.int32),
        times=times,
        weights=np.ones(count, np.float32) if weights is None else np.asarray(weights, np.float32),
        liked=np.ones(count, bool),
        as_of=int(times[-1]) + 1 if count else START,
        has_weights=weights is not None,
        item_table=item_table(n_items),
    )


def mixed(seed: int = 3, n_users: int = 24, n_items: int = 30, count: int = 260) -> Dataset:
    """Random tastes; repeats, equal times, weights; the last user has no events, the last two items no history."""
    rng = np.random.default_rng(seed)
    users = rng.integers(0, n_users - 1, count)
    items = np.minimum(rng.geometric(0.09, count) - 1 + users % 3, n_items - 3)
    times = START + np.sort(rng.integers(0, 90, count)) * DAY
    return dataset(users, items, n_users, n_items, times, rng.integers(1, 6, count))


def checkerboard(n_users: int = 30, n_items: int = 24) -> tuple[Dataset, np.ndarray]:
    """Even users take all even items, odd users all odd ones, but one each, which is withheld: (data, withheld)."""
    withheld = np.array([(2 * (user // 2) + user % 2) % n_items for user in range(n_users)])
    rng = np.random.default_rng(1)
    pairs = [
        (u, i)
        for u in range(n_users)
        for i in range(n_items)
        if u % 2 == i % 2 and i != withheld[u]
    ]
    users, items = np.array(pairs)[rng.permutation(len(pairs))].T
    times = (
        START + np.arange(len(pairs), dtype=np.int64) * 60_000
    )  # all within the days that a trend looks at
    return dataset(users, items, n_users, n_items, times), withheld


def everyone(data: Dataset) -> UserHistories:
    """All users as of now."""
    return data.users_at(
        np.arange(data.n_users, dtype=np.int32), np.full(data.n_users, data.as_of, np.int64)
    )


def all_pairs(users: UserHistories) -> Pairs:
    """Every item for every user."""
    counts = np.full(len(users), users.n_items)
    return Pairs(offsets(counts), np.tile(np.arange(users.n_items, dtype=np.int32), len(users)))


def nameless(users: UserHistories, row: int = UNKNOWN) -> UserHistories:
    """The same histories in the hands of users whom nobody knows."""
    return replace(users, rows=np.full(len(users), row, np.int32))


def chance(seed: int = 0) -> FitContext:
    return FitContext(rng=np.random.default_rng(seed))
