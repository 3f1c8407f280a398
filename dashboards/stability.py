"""Stability: how much each user's list changed against the live run, beside what chance alone changes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dashboards.drift import METRIC_SCHEMA
from dashboards.exposure import exposure
from dashboards.overlap import Lists, overlaps
from fusion.errors import DataError

Floats = NDArray[np.float64]
SEED = 7
RESAMPLES = 1000
ALL = "all"
SUBJECT = "lists"

Row = tuple[str, str, float, float | None, float | None]  # segment, name, value, low, high


@dataclass(frozen=True)
class Stability:
    """The comparison of two sets of lists, cut to `k`."""

    k: int
    users: (
        pl.DataFrame
    )  # user_id, segment, jaccard, rbo, top1_changed, unchanged; users that both runs serve
    chance: pl.DataFrame | None  # the same against the twin, on the twin's users
    table: pl.DataFrame  # see `rows`

    def rows(self) -> pl.DataFrame:
        """Give the rows for the table `metric`: (subject, segment, name, k, value, low, high).

        Segment `all` has every name, each other segment those about its users. `jaccard` and `rbo`
        have 95 % intervals in `low` and `high` (bootstrap of users); `_previous` marks the run that
        was live.
        """
        return self.table

    def value(self, name: str, segment: str = ALL) -> float | None:
        """Give one figure, None where there is none, such as the churn of runs without a common user."""
        found = self.table.filter((pl.col("name") == name) & (pl.col("segment") == segment))[
            "value"
        ]
        return None if found.is_empty() else float(found[0])


def stability(
    previous: pl.DataFrame,
    current: pl.DataFrame,
    k: int = 10,
    segments: pl.DataFrame | None = None,
    twin: pl.DataFrame | None = None,
    catalogue: int | None = None,
) -> Stability:
    """Compare two runs' lists, frames of (user_id, rank from 1, item_id), at depth `k`.

    `segments` (user_id, segment) adds a set of rows for each segment but `all`, which is everyone.
    `twin` are lists made once more from the current data by chance alone, for some users: how far
    they differ from `current` is what chance alone changes (`jaccard_chance`, `rbo_chance`).
    `catalogue` is the number of items that could be listed. Raises DataError when the ids of the
    frames differ in type.
    """
    old, new = _cut(previous, k, current), _cut(current, k, current)
    users = _compare(old, new, k, segments)
    chance = None if twin is None else _compare(_cut(twin, k, current), new, k, None)
    rows = [*_population(old, new), *_spread(old, new, catalogue), *_likeness(users, ALL)]
    for segment, group in _groups(users):
        rows += _likeness(group, segment)
    if chance is not None and len(chance):
        rows += _means(chance, ALL, "_chance")
    full = [(SUBJECT, segment, name, k, *figures) for segment, name, *figures in rows]
    return Stability(k, users, chance, pl.DataFrame(full, schema=METRIC_SCHEMA, orient="row"))


def _cut(frame: pl.DataFrame, k: int, like: pl.DataFrame) -> pl.DataFrame:
    for name in ("user_id", "item_id"):
        found, wanted = frame.schema[name], like.schema[name]
        if found != wanted:
            raise DataError(
                f"lists cannot be compared: {name} is {found} in one frame and {wanted} in the other; "
                f"give both as the same type (in SQL ids are text)"
            )
    return frame.filter(pl.col("rank") <= k).select("user_id", "rank", "item_id")


def _compare(
    previous: pl.DataFrame, current: pl.DataFrame, k: int, segments: pl.DataFrame | None
) -> pl.DataFrame:
    """Give a row for each user of both frames, in the order of their ids."""
    served = [frame.select("user_id").unique() for frame in (previous, current)]
    ids = served[0].join(served[1], on="user_id").sort("user_id")
    items = pl.concat([previous["item_id"], current["item_id"]]).unique(maintain_order=True)
    codes = pl.DataFrame({"item_id": items}).with_row_index("code")
    users = ids.with_row_index("row")
    first, second = (_matrix(frame, users, codes, k) for frame in (previous, current))
    jaccard, rbo = overlaps(first, second)
    frame = ids.with_columns(
        jaccard=pl.Series(jaccard, dtype=pl.Float64),
        rbo=pl.Series(rbo, dtype=pl.Float64),
        top1_changed=pl.Series(first[:, 0] != second[:, 0], dtype=pl.Boolean),
        unchanged=pl.Series((first == second).all(1), dtype=pl.Boolean),
    )
    if segments is None:
        return frame.with_columns(segment=pl.lit(None, dtype=pl.String))
    known = segments.select("user_id", "segment").unique("user_id")
    return frame.join(known, on="user_id", how="left").sort("user_id")


def _matrix(frame: pl.DataFrame, users: pl.DataFrame, codes: pl.DataFrame, k: int) -> Lists:
    """Give lists as (n, k) item codes, padded with -1; a hole in the ranks is no place in the list."""
    rows = frame.join(users, on="user_id").join(codes, on="item_id").sort("row", "rank")
    row, code = rows["row"].to_numpy(), rows["code"].to_numpy()
    starts = np.searchsorted(row, np.arange(len(users)))
    lists = np.full((len(users), k), -1, dtype=np.int32)
    lists[row, np.arange(len(row)) - starts[row]] = code
    return lists


def _population(previous: pl.DataFrame, current: pl.DataFrame) -> Iterator[Row]:
    old, new = (frame.select("user_id").unique() for frame in (previous, current))
    both = len(old.join(new, on="user_id", how="semi"))
    yield ALL, "users_both", float(both), None, None
    yield ALL, "users_gained", float(len(new) - both), None, None
    yield ALL, "users_lost", float(len(old) - both), None, None


def _spread(previous: pl.DataFrame, current: pl.DataFrame, catalogue: int | None) -> Iterator[Row]:
    for ending, frame in (("", current), ("_previous", previous)):
        for name, value in exposure(frame, catalogue).items():
            yield ALL, name + ending, value, None, None
    kept = current.select("item_id").unique().join(previous, on="item_id", how="semi")
    if len(previous):
        yield ALL, "items_kept", len(kept) / previous["item_id"].n_unique(), None, None


def _groups(users: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    known = users.filter(pl.col("segment").is_not_null() & (pl.col("segment") != ALL))
    for (segment,), group in sorted(known.group_by("segment"), key=lambda pair: str(pair[0])):
        yield str(segment), group


def _likeness(users: pl.DataFrame, segment: str) -> Iterator[Row]:
    if users.is_empty():
        return
    yield from _means(users, segment, "")
    for name in ("jaccard", "rbo"):
        for point in (10, 50, 90):
            value = users.select(pl.col(name).quantile(point / 100, "linear")).item()
            yield segment, f"{name}_p{point}", value, None, None
    yield segment, "churn", 1 - float(np.mean(users["jaccard"].to_numpy())), None, None
    for name in ("top1_changed", "unchanged"):
        yield segment, name, float(np.mean(users[name].to_numpy())), None, None
    if segment != ALL:
        yield segment, "users_both", float(len(users)), None, None


def _means(users: pl.DataFrame, segment: str, ending: str) -> Iterator[Row]:
    for name in ("jaccard", "rbo"):
        values = users[name].to_numpy()
        yield segment, name + ending, float(values.mean()), *interval(values)


def interval(values: Floats) -> tuple[float, float]:
    """Give the 95 % interval of the mean: percentile bootstrap, 1,000 seeded resamples.

    Values are rounded to thousandths first, so that a resample is one multinomial draw over few
    values.
    """
    distinct, counts = np.unique(values.round(3), return_counts=True)
    draws = np.random.default_rng(SEED).multinomial(
        len(values), counts / len(values), size=RESAMPLES
    )
    low, high = np.quantile(draws @ distinct / len(values), [0.025, 0.975])
    return float(low), float(high)
