"""Samples of a moment: small tables of users, items and interactions that monitoring compares between runs."""

from pathlib import Path

import numpy as np
import polars as pl

from fusion.dataset import Dataset
from fusion.hashing import shares

ROWS = 20_000
SUBJECTS = ("users", "items", "interactions")


def write_samples(folder: Path, known: Dataset, seed: int) -> None:
    """Write `users.parquet`, `items.parquet` and `interactions.parquet` as things stood when `known` ended."""
    folder.mkdir(parents=True, exist_ok=True)
    users(known, seed).write_parquet(folder / "users.parquet")
    items(known).write_parquet(folder / "items.parquet")
    interactions(known).write_parquet(folder / "interactions.parquet")


def users(known: Dataset, seed: int) -> pl.DataFrame:
    """Activity of users with a history, by hash so that two moments share most of them, with what is known of them."""
    rows = np.flatnonzero(known.user_counts).astype(np.int32)
    rows = rows[shares(seed, rows) < ROWS / max(1, len(rows))]
    columns = {"events": np.log1p(known.user_counts[rows])}
    if known.has_times:
        columns["idle"] = (known.as_of - known.last_times[rows]) / span(known)
    frame = pl.DataFrame(columns)
    if known.user_table.width:
        described = known.user_table[rows]
        plain = described.select(pl.selectors.string() | pl.selectors.numeric())
        frame = frame.hstack(plain.select(pl.exclude(frame.columns)))
    return frame


def items(known: Dataset) -> pl.DataFrame:
    """How often items were taken and, with times, for how much of the data's span they have been known."""
    rows = np.flatnonzero(known.item_counts).astype(np.int32)
    columns = {"events": np.log1p(known.item_counts[rows])}
    if known.has_times:
        first = np.full(known.n_items, known.as_of, np.int64)
        np.minimum.at(first, known.items, known.times)
        columns["age"] = (known.as_of - first[rows]) / span(known)
    return pl.DataFrame(columns).head(ROWS)


def span(known: Dataset) -> int:
    """Milliseconds that the data covers. Ages are told as a share of it: in days they would grow by themselves."""
    return max(1, known.as_of - int(known.times[0])) if len(known) else 1


def interactions(known: Dataset) -> pl.DataFrame:
    """The newest interactions: weight, how popular the item is, and when in the day and week they happened."""
    newest = slice(max(0, len(known) - ROWS), len(known))
    popular = np.argsort(np.argsort(known.item_counts, kind="stable"), kind="stable") / max(1, known.n_items)
    columns = {"item_popularity": pl.Series(popular[known.items[newest]])}
    if known.has_weights:
        columns["weight"] = pl.Series(known.weights[newest])
    if known.has_times:
        times = pl.Series(known.times[newest]).cast(pl.Datetime("ms", "UTC"))
        columns["hour"] = times.dt.hour().cast(pl.Float64)
        columns["weekday"] = times.dt.strftime("%a")
    return pl.DataFrame(columns)
