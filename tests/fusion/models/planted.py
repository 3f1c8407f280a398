"""Small data with planted answers, for the sources that read sequences and texts."""

import numpy as np
import polars as pl

from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.id_map import IdMap
from fusion.models.base.fit_context import FitContext

HOUR = 3_600_000


def dataset(events, n_items, texts=None) -> Dataset:
    """Interactions (user, item), one an hour; `texts`: one an item, None where there is none."""
    users, items = np.array(events, np.int32).reshape(-1, 2).T
    n_users = int(users.max(initial=-1)) + 1
    return Dataset(
        user_ids=IdMap(pl.Series("id", [f"u{u}" for u in range(n_users)], dtype=pl.String)),
        item_ids=IdMap(pl.Series("id", [f"i{i}" for i in range(n_items)], dtype=pl.String)),
        users=users.copy(),
        items=items.copy(),
        times=np.arange(len(users), dtype=np.int64) * HOUR,
        weights=np.ones(len(users), np.float32),
        liked=np.ones(len(users), bool),
        as_of=len(users) * HOUR,
        item_table=pl.DataFrame(
            {} if texts is None else {"text": pl.Series(texts, dtype=pl.String)}
        ),
    )


def everyone(data: Dataset) -> UserHistories:
    """All users as of the end of the data."""
    return data.users_at(np.arange(data.n_users, dtype=np.int32), np.full(data.n_users, data.as_of))


def cycles(n_users=60, n_items=12, length=10, texts=None, catalogue=None) -> Dataset:
    """Users who walk round a circle of items: item i + 1 always follows item i."""
    events = [(u, (u * 5 + step) % n_items) for step in range(length) for u in range(n_users)]
    return dataset(events, catalogue or n_items, texts)


def context(seed=0, **how) -> FitContext:
    """A context with a seed of its own."""
    return FitContext(rng=np.random.default_rng(seed), **how)
