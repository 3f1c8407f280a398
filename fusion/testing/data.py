"""Small datasets with everything a source may need: texts, categories, times, weights, silence."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from fusion.core.arrays import DAY, offsets
from fusion.data.dataset import Dataset
from fusion.data.facts import SCHEMA as FACTS
from fusion.data.facts import ItemFacts
from fusion.data.histories import UserHistories
from fusion.data.id_map import IdMap
from fusion.data.topk import Pairs
from fusion.models.base.fit_context import FitContext

WORDS = ("blue", "green", "river", "night", "train", "garden", "winter", "letter")
START = 1_500_000_000_000
"""Time of the first interaction, in ms; any day of an ordinary year will do."""
HOUR = 3_600_000
MINUTE = 60_000
UNKNOWN = -1
"""Row number of a user who is not in the data."""


def small_ids(prefix: str, count: int) -> IdMap:
    """Number ids "u0", "u1", ...

    Args:
        prefix: what they begin with.
        count: how many.

    Returns:
        A map of `count` ids.
    """
    texts = [f"{prefix}{number}" for number in range(count)]
    return IdMap(pl.Series("id", texts, dtype=pl.String))


def item_table(n_items: int) -> pl.DataFrame:
    """Describe items; every ninth has neither text nor category.

    Args:
        n_items: I. The first rows are the same whatever it is.

    Returns:
        I rows: `text` of two words and a number, `category` of one or two, `year`.
    """
    texts: list[str | None] = []
    categories: list[list[str] | None] = []
    for item in range(n_items):
        if item % 9 == 8:
            texts.append(None)
            categories.append(None)
            continue
        second_word = WORDS[(item // 8 + item) % 8]
        texts.append(f"the {WORDS[item % 8]} {second_word} {item}")
        categories.append(["even" if item % 2 == 0 else "odd", f"third{item % 3}"])
    columns = {
        "text": pl.Series(texts, dtype=pl.String),
        "category": pl.Series(categories, dtype=pl.List(pl.String)),
        "year": pl.Series([1990 + item % 30 for item in range(n_items)], dtype=pl.Int64),
    }
    return pl.DataFrame(columns)


def make_dataset(
    users: ArrayLike,
    items: ArrayLike,
    n_users: int,
    n_items: int,
    times: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> Dataset:
    """Make a dataset of interactions, in the order in which they are handed over.

    Args:
        users: user row (N,) of each interaction.
        items: item row (N,) of each interaction.
        n_users: U, users with and without interactions.
        n_items: I, items with and without interactions.
        times: (N,) ms, ascending; None: an hour lies between any two.
        weights: (N,); None: the data has none.

    Returns:
        A dataset as of 1 ms after its last interaction.
    """
    user_rows = np.asarray(users, np.int32)
    count = len(user_rows)
    hourly = START + np.arange(count, dtype=np.int64) * HOUR
    event_times = hourly if times is None else np.asarray(times, np.int64)
    ones = np.ones(count, np.float32)
    return Dataset(
        user_ids=small_ids("u", n_users),
        item_ids=small_ids("i", n_items),
        users=user_rows,
        items=np.asarray(items, np.int32),
        times=event_times,
        weights=ones if weights is None else np.asarray(weights, np.float32),
        liked=np.ones(count, bool),
        as_of=int(event_times[-1]) + 1 if count else START,
        has_weights=weights is not None,
        item_table=item_table(n_items),
    )


def mixed_data(seed: int = 3) -> Dataset:
    """Make 260 interactions of 24 users of random taste with 30 items.

    There are repeats, equal times and weights; the last user has no events, and the last two items
    have no history.

    Args:
        seed: of the random numbers.

    Returns:
        A dataset with every capability.
    """
    n_users, n_items, count = 24, 30, 260
    rng = np.random.default_rng(seed)
    users = rng.integers(0, n_users - 1, count)
    items = np.minimum(rng.geometric(0.09, count) - 1 + users % 3, n_items - 3)
    times = START + np.sort(rng.integers(0, 90, count)) * DAY
    made = make_dataset(users, items, n_users, n_items, times, rng.integers(1, 6, count))
    return with_side_information(made, made.as_of)


def with_side_information(data: Dataset, time: int) -> Dataset:
    """Add vectors of items, and facts about them.

    Args:
        data: without either.
        time: ms; facts that count from then on only are left out.

    Returns:
        The same data with one set of vectors (I, 2) and two relations, one of them with dates.
    """
    angles = np.arange(data.n_items, dtype=np.float32)
    rows: list[tuple[int, str, str, int | None]] = []
    for item in range(data.n_items):
        rows.append((item, "award", f"a{item % 3}", START + item * DAY))
        rows.append((item, "maker", f"m{item % 7}", None))
    table = pl.DataFrame(rows, schema=FACTS, orient="row")
    facts = ItemFacts(table, ("award", "maker")).before(time)
    vectors = np.column_stack([np.sin(angles), np.cos(angles)])
    return replace(data, facts=facts, vectors={"pictures": vectors})


def checkerboard_data() -> tuple[Dataset, NDArray[np.int64]]:
    """Make data in which even users have all even items, odd users all odd ones, but one each.

    All of it happens within a few hours, so that a trend sees it whole.

    Returns:
        30 users with 24 items, and the item that was withheld from each user.
    """
    n_users, n_items = 30, 24
    withheld = np.array([(2 * (user // 2) + user % 2) % n_items for user in range(n_users)])
    pairs = []
    for user in range(n_users):
        own = range(user % 2, n_items, 2)
        pairs += [(user, item) for item in own if item != withheld[user]]
    rng = np.random.default_rng(1)
    users, items = np.array(pairs)[rng.permutation(len(pairs))].T
    times = START + np.arange(len(pairs), dtype=np.int64) * MINUTE
    return make_dataset(users, items, n_users, n_items, times), withheld


def users_now(data: Dataset) -> UserHistories:
    """Return all users with their whole histories, as of the end of the data.

    Args:
        data: interactions of U users.

    Returns:
        U users.
    """
    rows = np.arange(data.n_users, dtype=np.int32)
    return data.users_at(rows, np.full(data.n_users, data.as_of, np.int64))


def as_unknown(users: UserHistories, row: int = UNKNOWN) -> UserHistories:
    """Hand the same histories to users whom no fit knows.

    Args:
        users: B users.
        row: their new row number.

    Returns:
        B users with `row`.
    """
    return replace(users, rows=np.full(len(users), row, np.int32))


def random_pairs(users: UserHistories, seed: int = 2) -> Pairs:
    """Draw up to eight items for each user, repeats included.

    Args:
        users: B users.
        seed: of the random numbers.

    Returns:
        Pairs of these users; some users have none.
    """
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 9, len(users))
    items = rng.integers(0, users.n_items, counts.sum())
    return Pairs(offsets(counts), items.astype(np.int32))


def fit_context(seed: int = 0, **changes: Any) -> FitContext:
    """Make a context with a random stream of its own.

    Args:
        seed: of the stream.
        **changes: other fields of `FitContext`.

    Returns:
        The context.
    """
    return FitContext(rng=np.random.default_rng(seed), **changes)
