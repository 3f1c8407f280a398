"""Samples of a moment: small tables of users, items and interactions that monitoring compares between runs."""

from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.hashing import shares
from fusion.data.dataset import Dataset

ROWS = 20_000
SUBJECTS = ("users", "items", "interactions")
USER_ROW = "user_row"
"""Column of samples that says whose row it is, so that a person can be taken out; it is not compared."""


def read_sample(file: Path) -> pl.DataFrame:
    """Read a sample without the column that says whose rows they are."""
    return pl.read_parquet(file).drop(USER_ROW, strict=False)


def write_samples(folder: Path, known: Dataset, seed: int) -> None:
    """Write `users.parquet`, `items.parquet` and `interactions.parquet` as things stood when `known` ended."""
    folder.mkdir(parents=True, exist_ok=True)
    users(known, seed).write_parquet(folder / "users.parquet")
    items(known, seed).write_parquet(folder / "items.parquet")
    interactions(known).write_parquet(folder / "interactions.parquet")


def users(known: Dataset, seed: int) -> pl.DataFrame:
    """Activity of users with a history, by hash so that two moments share most of them, with what is known of them."""
    rows = np.flatnonzero(known.user_counts).astype(np.int32)
    rows = rows[shares(seed, rows) < ROWS / max(1, len(rows))]
    columns = {USER_ROW: rows, "events": np.log1p(known.user_counts[rows])}
    if known.has_times:
        columns["idle"] = (known.as_of - known.last_times[rows]) / span(known)
    frame = pl.DataFrame(columns)
    if known.user_table.width:
        described = known.user_table[rows]
        plain = described.select(pl.selectors.string() | pl.selectors.numeric())
        frame = frame.hstack(plain.select(pl.exclude(frame.columns)))
    return frame


def items(known: Dataset, seed: int) -> pl.DataFrame:
    """How often items were taken, by hash, and, with times, for how much of the data's span they have been known."""
    rows = np.flatnonzero(known.item_counts).astype(np.int32)
    rows = rows[shares(seed, rows) < ROWS / max(1, len(rows))]
    columns = {"events": np.log1p(known.item_counts[rows])}
    if known.has_times:
        first = np.full(known.n_items, known.as_of, np.int64)
        np.minimum.at(first, known.items, known.times)
        columns["age"] = (known.as_of - first[rows]) / span(known)
    return pl.DataFrame(columns)


def span(known: Dataset) -> int:
    """Milliseconds that the data covers. Ages are told as a share of it: in days they would grow by themselves."""
    return max(1, known.as_of - int(known.times[0])) if len(known) else 1


def interactions(known: Dataset) -> pl.DataFrame:
    """Of the newest tenth, 20,000 at least: weight, how popular the item is, when in the day and week they happened.

    A tenth, thinned out evenly, spans weeks where there is a lot of data: the last rows alone may
    be one afternoon.
    """
    count = max(ROWS, len(known) // 10)
    newest = slice(max(0, len(known) - count), len(known), -(-min(count, len(known)) // ROWS) or 1)
    popular = np.argsort(np.argsort(known.item_counts, kind="stable"), kind="stable") / max(
        1, known.n_items
    )
    columns = {
        USER_ROW: pl.Series(known.users[newest]),
        "item_popularity": pl.Series(popular[known.items[newest]]),
    }
    if known.has_weights:
        columns["weight"] = pl.Series(known.weights[newest])
    if known.has_times:
        times = pl.Series(known.times[newest]).cast(pl.Datetime("ms", "UTC"))
        columns["hour"] = times.dt.hour().cast(pl.Float64)
        columns["weekday"] = times.dt.strftime("%a")
    return pl.DataFrame(columns)
