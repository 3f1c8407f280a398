"""Samples of users, items and interactions at a moment, which monitoring compares between runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Offsets, Rows, Scores
from fusion.core.hashing import shares
from fusion.runs.defaults import DEFAULTS

if TYPE_CHECKING:  # imports SciPy, which who only reads samples has no use for
    from fusion.data.dataset import Dataset

SUBJECTS = ("users", "items", "interactions")
"""Subjects of samples; each is a file of its name."""
USER_ROW = "user_row"
"""Column that says whose row it is, so that a person can be taken out; it is not compared."""

OLDEST = 0.9
"""Share of the data's span from which on items count as equally old.

How old they are nobody can tell: they were there as the data begins. In an export that keeps the
newest months these are most items, and the day on which it begins would move all their ages.
"""
DIRECTIONS = 3
"""Fixed directions along which vectors are watched: another model moves items along all of them."""
DIRECTIONS_SEED = 11
"""The same directions in every run, whatever its own seed."""


def read_sample(file: Path) -> pl.DataFrame:
    """Read a sample, without the column that says whose rows they are.

    Args:
        file: that `write_samples` wrote, or features of a run folder.
    """
    return pl.read_parquet(file).drop(USER_ROW, strict=False)


def write_samples(folder: Path, known: "Dataset", seed: int) -> None:
    """Write a Parquet file for each of `SUBJECTS`, as things stood when `known` ended.

    Args:
        folder: made where it is missing.
        known: interactions up to the moment.
        seed: of the draw of users and items.
    """
    folder.mkdir(parents=True, exist_ok=True)
    users(known, seed).write_parquet(folder / "users.parquet")
    items(known, seed).write_parquet(folder / "items.parquet")
    interactions(known).write_parquet(folder / "interactions.parquet")


def users(known: "Dataset", seed: int) -> pl.DataFrame:
    """Sample users with a history: their activity and what the user table says of them.

    Args:
        known: interactions up to the moment.
        seed: of the draw.

    Returns:
        `user_row`, `events` (log of 1 + interactions), with times `idle` (since the last one, as a
        share of the data's span), with queries `queries` (log of 1 + their number), then texts and
        numbers of the user table, and of each vectors of users where they lie, as for items.
    """
    rows = _sample(known.user_counts, seed)
    columns = {USER_ROW: rows, "events": np.log1p(known.user_counts[rows])}
    if known.has_times:
        columns["idle"] = (known.as_of - known.last_times[rows]) / span(known)
    if len(known.queries):
        written = np.bincount(known.queries.users, minlength=known.n_users)
        columns["queries"] = np.log1p(written[rows])
    frame = pl.DataFrame(columns)
    if known.user_table.width:
        described = known.user_table[rows]
        plain = described.select(pl.selectors.string() | pl.selectors.numeric())
        frame = frame.hstack(plain.select(pl.exclude(frame.columns)))
    for name, vectors in known.user_vectors.items():
        along = _along_directions(name, vectors[rows])
        frame = frame.hstack(along.select(pl.exclude(frame.columns)))
    return frame


def items(known: "Dataset", seed: int) -> pl.DataFrame:
    """Sample items with interactions: how many, and for how long they have been known.

    Args:
        known: interactions up to the moment.
        seed: of the draw.

    Returns:
        `events` (log of 1 + interactions), with times `age` (since the first one, as a share of the
        data's span, `OLDEST` at most), and of each vectors `vectors_<name>_1` to `_3`: where the
        item lies along fixed directions, null without a vector.
    """
    rows = _sample(known.item_counts, seed)
    columns = {"events": np.log1p(known.item_counts[rows])}
    if known.has_times:
        # `minimum.at` takes each item's smallest time, however often it occurs.
        first = np.full(known.n_items, known.as_of, np.int64)
        np.minimum.at(first, known.items, known.times)
        columns["age"] = np.minimum((known.as_of - first[rows]) / span(known), OLDEST)
    frame = pl.DataFrame(columns)
    for name, vectors in known.vectors.items():
        frame = frame.hstack(_along_directions(name, vectors[rows]))
    return frame


def _along_directions(name: str, vectors: Scores) -> pl.DataFrame:
    """Project vectors (n, D) on fixed random directions.

    A change of their distribution shows in nearly every direction (Cramér and Wold, "Some theorems
    on distribution functions", 1936).
    """
    rng = np.random.default_rng(DIRECTIONS_SEED)
    directions = rng.normal(size=(vectors.shape[1], DIRECTIONS))
    along = vectors @ (directions / np.linalg.norm(directions, axis=0))
    along[~vectors.any(axis=1)] = np.nan
    names = [f"vectors_{name}_{number}" for number in range(1, DIRECTIONS + 1)]
    return pl.DataFrame(along, schema=names, orient="row").fill_nan(None)


def _sample(counts: Rows, seed: int) -> Rows:
    """Rows with a count above 0, about `sample_rows` at most.

    They are drawn by hash, so that two moments share most of them.
    """
    rows = np.flatnonzero(counts).astype(np.int32)
    share = DEFAULTS.sample_rows / max(1, len(rows))
    is_sampled: Flags = shares(seed, rows) < share
    return rows[is_sampled]


def span(known: "Dataset") -> int:
    """Return the time that the data covers, in ms, 1 at least.

    Ages are a share of it: in days they would grow from run to run by themselves.

    Args:
        known: interactions up to the moment.
    """
    if not len(known):
        return 1
    return max(1, known.as_of - int(known.times[0]))


def interactions(known: "Dataset") -> pl.DataFrame:
    """Sample the newest interactions, spread evenly over the newest tenth.

    Args:
        known: interactions up to the moment, in time order.

    Returns:
        `user_row`, `item_popularity` (rank of the item by interactions, from 0 to 1), with weights
        `weight`, and with times the `hour` and `weekday` in UTC.
    """
    newest = _newest(len(known))
    popularity = _ranks(known.item_counts) / max(1, known.n_items)
    columns = {
        USER_ROW: pl.Series(known.users[newest]),
        "item_popularity": pl.Series(popularity[known.items[newest]]),
    }
    if known.has_weights:
        columns["weight"] = pl.Series(known.weights[newest])
    if known.has_times:
        times = pl.Series(known.times[newest]).cast(pl.Datetime("ms", "UTC"))
        columns["hour"] = times.dt.hour().cast(pl.Float64)
        columns["weekday"] = times.dt.strftime("%a")
    return pl.DataFrame(columns)


def _newest(n: int) -> slice:
    """The sampled ones of n interactions in time order."""
    count = max(DEFAULTS.sample_rows, n // DEFAULTS.newest_parts)
    available = min(count, n)
    step = -(-available // DEFAULTS.sample_rows) or 1  # rounded up, so that no more are kept
    return slice(max(0, n - count), n, step)


def _ranks(counts: Rows) -> Offsets:
    """Rank (n,) of each count from 0; ties in the order of their rows."""
    order = np.argsort(counts, kind="stable")
    return np.argsort(order, kind="stable")
