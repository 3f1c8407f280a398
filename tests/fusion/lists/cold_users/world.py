"""A world whose likes follow attributes, or follow none, with users who never did anything."""

import numpy as np
import polars as pl

from fusion.core.arrays import DAY
from fusion.data.dataset import Dataset
from fusion.data.queries.user_queries import UserQueries
from tests.fusion.making import START, dataset, replaced

JOBS = ("baker", "clerk", "doctor", "driver")


def cold_world(
    seed: int = 0,
    planted: bool = True,
    n_users: int = 400,
    n_items: int = 60,
    n_events: int = 6000,
    n_cold: int = 40,
) -> Dataset:
    """Users of four jobs and any age; region is noise, and the segment of the fallback.

    Each job takes the items of one fourth, the old rather those of the second half of it.
    """
    rng = np.random.default_rng(seed)
    total = n_users + n_cold
    job, age = rng.integers(4, size=total), rng.integers(18, 80, size=total).astype(np.float64)
    taste = job if planted else rng.integers(4, size=total)
    is_old = (age if planted else rng.integers(18, 80, size=total)) > 50
    who = rng.integers(n_users, size=n_events)
    when = np.sort(rng.random(n_events) * 80)
    fourth = np.where(rng.random(n_events) < 0.8, taste[who], rng.integers(4, size=n_events))
    half = np.where(rng.random(n_events) < 0.8, is_old[who], rng.integers(2, size=n_events))
    quarter = n_items // 4
    within = rng.integers(quarter // 2, size=n_events)
    items = fourth * quarter + half * (quarter // 2) + within
    frame = pl.DataFrame(
        {
            "user": [f"u{user}" for user in who],
            "item": [f"i{item}" for item in items],
            "time": START + (when * 24).astype(np.int64) * (DAY // 24),
            "weight": np.ones(n_events, np.float32),
            "liked": np.ones(n_events, bool),
        }
    )
    users = pl.DataFrame(
        {
            "id": [f"u{user}" for user in range(total)],
            "region": [("north", "south", None)[user % 3] for user in range(total)],
            "job": [JOBS[number] for number in job],
            "age": age,
        }
    )
    return dataset(frame, None, users)


def asking_world() -> Dataset:
    """The same without a users file: each user wrote, on the first day, of the fourth of theirs."""
    data = cold_world()
    jobs = [JOBS.index(job) for job in data.user_table["job"]]
    numbers = data.item_ids.values.str.strip_chars("i").cast(pl.Int64).to_numpy()
    vectors = np.eye(len(JOBS), dtype=np.float32)
    queries = UserQueries(
        users=np.arange(data.n_users, dtype=np.int32),
        times=np.full(data.n_users, START - DAY),
        texts=np.array(jobs, np.int32),
        words=pl.Series("text", JOBS),
        encoder="by hand",
        vectors=vectors,
        item_vectors=vectors[fourths(numbers)],
    )
    return replaced(data, user_table=pl.DataFrame(), queries=queries)


def fourths(items: np.ndarray, n_items: int = 60) -> np.ndarray:
    """The job whose fourth each item is in, by the number in its id."""
    return items // (n_items // 4)
