"""Samples of users, items and interactions at a moment, which monitoring compares between runs.

They tell of the newest weeks alone. What accumulates over a life (interactions, age, time since the
last one) grows in every shop that simply gets older, and depends on where an export begins.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from fusion.core.arrays import DAY, Flags, Offsets, Rows, Scores
from fusion.core.hashing import shares
from fusion.data.defaults import DEFAULTS as OF_DATA
from fusion.runs.defaults import DEFAULTS

if TYPE_CHECKING:  # imports SciPy, which who only reads samples has no use for
    from fusion.config import SplitSettings
    from fusion.data.dataset import Dataset
    from fusion.data.splitting.fold import Plan

SUBJECTS = ("users", "items", "interactions")
"""Subjects of samples; each is a file of its name."""
USER_ROW = "user_row"
"""Column that says whose row it is, so that a person can be taken out; it is not compared."""

WEEK = 7
"""Days. Samples tell of whole weeks, and count time in them: a weekend is then as far away on
Thursday night as on Monday night.
"""
RECENT_WINDOWS = 4
"""Windows of `[split]` that samples tell of: as many as `fusion watch` compares what grows with."""
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


def sampled_days(plan: "Plan", split: "SplitSettings") -> int | None:
    """Choose how many days before a moment samples tell of: `RECENT_WINDOWS` windows.

    Where folds are not cut by time no window holds enough users, and the longest that is tried is
    taken: of the users of an archive few come in any month. The number must not move by itself,
    since samples of different spans cannot be compared. So it depends on no count of users: it is
    halved until the data of the verdict holds it twice, which changes when its span has doubled.
    Twice, so that what is new can be told from what was there before, at both moments alike.

    Args:
        plan: the folds of a training.
        split: its settings.

    Returns:
        Whole weeks in days; 0 without times, when samples tell of everything; None where the data
        is younger than two weeks, so that nothing can be compared.
    """
    known = plan.verdict.known
    if not known.has_times:
        return 0
    window = split.window or plan.window or max(OF_DATA.windows)
    weeks = -(-RECENT_WINDOWS * max(window, WEEK) // WEEK)
    weeks_known = (known.as_of - int(known.times[0])) // (WEEK * DAY)
    while 2 * weeks > weeks_known:
        weeks //= 2
    return weeks * WEEK or None


def write_samples(folder: Path, known: "Dataset", days: int | None, seed: int) -> None:
    """Write a Parquet file for each of `SUBJECTS`, as things stood when `known` ended.

    Args:
        folder: made where it is missing.
        known: interactions up to the moment.
        days: before the moment, from `sampled_days`; 0 or None for everything.
        seed: of the draw of users and items.
    """
    folder.mkdir(parents=True, exist_ok=True)
    users(known, days, seed).write_parquet(folder / "users.parquet")
    items(known, days, seed).write_parquet(folder / "items.parquet")
    interactions(known, days).write_parquet(folder / "interactions.parquet")


def users(known: "Dataset", days: int | None, seed: int) -> pl.DataFrame:
    """Sample the users of the newest days: their activity and what the user table says of them.

    Args:
        known: interactions up to the moment.
        days: before the moment; 0 or None for everything.
        seed: of the draw.

    Returns:
        `user_row`, `events` (log of 1 + interactions in these days), with days `idle` (whole weeks
        since the last one, as a share of the days), with queries `queries` (log of 1 + those of
        these days), then texts and numbers of the user table, and of each vectors of users where
        they lie, as for items.
    """
    recent = _recent(known, days)
    rows = _sample(recent.user_counts, seed)
    columns = {USER_ROW: rows, "events": np.log1p(recent.user_counts[rows])}
    if days:
        # Every time lies before the moment: a ms less, so that seven days are in the first week.
        weeks = (known.as_of - 1 - known.last_times[rows]) // (WEEK * DAY)
        columns["idle"] = weeks * WEEK / days
    if len(known.queries):
        is_recent = known.queries.times >= known.as_of - days * DAY if days else slice(None)
        written = np.bincount(known.queries.users[is_recent], minlength=known.n_users)
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


def items(known: "Dataset", days: int | None, seed: int) -> pl.DataFrame:
    """Sample the items of the newest days: how often they were taken, and which are new.

    Args:
        known: interactions up to the moment.
        days: before the moment; 0 or None for everything.
        seed: of the draw.

    Returns:
        `events` (log of 1 + interactions in these days), with days `new` (1 for an item that nobody
        took in as many days before these, else 0), and of each vectors `vectors_<name>_1` to `_3`:
        where the item lies along fixed directions, null without a vector.
    """
    recent = _recent(known, days)
    rows = _sample(recent.item_counts, seed)
    columns = {"events": np.log1p(recent.item_counts[rows])}
    if days:
        # Not all that came before: a longer past has seen more of what is taken seldom.
        before = _recent(known.before(known.as_of - days * DAY), days)
        columns["new"] = (before.item_counts[rows] == 0).astype(np.float64)
    frame = pl.DataFrame(columns)
    for name, vectors in known.vectors.items():
        frame = frame.hstack(_along_directions(name, vectors[rows]))
    return frame


def _recent(known: "Dataset", days: int | None) -> "Dataset":
    """Keep the interactions of the last days before the moment; all of them without days."""
    if not days:
        return known
    begin = int(np.searchsorted(known.times, known.as_of - days * DAY, "left"))
    return known.take(slice(begin, None))


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


def interactions(known: "Dataset", days: int | None) -> pl.DataFrame:
    """Sample the interactions of the newest days, spread evenly over them.

    Args:
        known: interactions up to the moment, in time order.
        days: before the moment; 0 or None for everything.

    Returns:
        `user_row`, `item_popularity` (rank of the item among those taken in these days, from 0 to
        1), with weights `weight`, and with times the `hour` and `weekday` in UTC.
    """
    recent = _recent(known, days)
    n_taken = int(np.count_nonzero(recent.item_counts))
    n_never = known.n_items - n_taken
    popularity = (_ranks(recent.item_counts) - n_never) / max(1, n_taken)
    step = -(-len(recent) // DEFAULTS.sample_rows) or 1  # rounded up, so that no more are kept
    columns = {
        USER_ROW: pl.Series(recent.users[::step]),
        "item_popularity": pl.Series(popularity[recent.items[::step]]),
    }
    if known.has_weights:
        columns["weight"] = pl.Series(recent.weights[::step])
    if known.has_times:
        times = pl.Series(recent.times[::step]).cast(pl.Datetime("ms", "UTC"))
        columns["hour"] = times.dt.hour().cast(pl.Float64)
        columns["weekday"] = times.dt.strftime("%a")
    return pl.DataFrame(columns)


def _ranks(counts: Rows) -> Offsets:
    """Rank (n,) of each count from 0; ties in the order of their rows."""
    order = np.argsort(counts, kind="stable")
    return np.argsort(order, kind="stable")
