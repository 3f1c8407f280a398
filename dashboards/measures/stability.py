"""Stability of lists: how much each changed against the live run, beside chance alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dashboards.measures.exposure import exposure
from dashboards.measures.list_changes import compare_lists, first_places
from dashboards.measures.metric_schema import METRIC_SCHEMA

Floats = NDArray[np.float64]
SEED = 7
RESAMPLES = 1000
"""Enough for two digits of a 95 % interval, which is what the page shows."""
ALL = "all"
SUBJECT = "lists"
PERCENTILES = (10, 50, 90)
BINS = 20
"""Parts of a histogram of users."""


@dataclass(frozen=True)
class Figure:
    """One figure about a group of users, with an interval where it has one."""

    segment: str
    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Stability:
    """The comparison of two sets of lists.

    Attributes:
        k: places of a list that were compared.
        users: a row for each user whom both runs serve: user_id, segment, jaccard, rbo,
            top1_changed, unchanged.
        chance: the same against the twin, for the twin's users; None without a twin.
        table: the figures, as `rows` says.
    """

    k: int
    users: pl.DataFrame
    chance: pl.DataFrame | None
    table: pl.DataFrame

    def rows(self) -> pl.DataFrame:
        """Return the figures as rows of the table `metric`.

        Segment `all` has every name, each other segment those about its users. `jaccard` and `rbo`
        have 95 % intervals in `low` and `high` (bootstrap of users); `_previous` marks the run that
        was live.
        """
        return self.table

    def value(self, name: str, segment: str = ALL) -> float | None:
        """Return one figure.

        Args:
            name: such as `churn`.
            segment: whose; everyone by default.

        Returns:
            None where there is no such figure, as churn of runs without a common user.
        """
        rows = self.table.filter(name=name, segment=segment)
        return None if rows.is_empty() else float(rows["value"][0])

    def histograms(self) -> dict[str, list[float]]:
        """Return the shares of users by twentieths of both overlaps.

        Returns:
            Shares (`BINS`,) from 0 to 1, by `jaccard` and `rbo`; with a twin by `jaccard_chance`
            and `rbo_chance` as well.
        """
        frames = {"": self.users, "_chance": self.chance}
        return {
            name + ending: shares_of(frame[name].to_numpy()).tolist()
            for name in ("jaccard", "rbo")
            for ending, frame in frames.items()
            if frame is not None
        }


def stability(
    previous: pl.DataFrame,
    current: pl.DataFrame,
    k: int = 10,
    segments: pl.DataFrame | None = None,
    twin: pl.DataFrame | None = None,
    catalogue: int | None = None,
) -> Stability:
    """Compare two runs' lists.

    Args:
        previous: rows of (user_id, rank from 1, item_id) of the run that is or was live.
        current: the same of the new run.
        k: places that are compared.
        segments: (user_id, segment); figures for each segment are added but for `all`, which is
            everyone. None for everyone alone.
        twin: lists made once more from the current data, users drawn anew, for some users: how far
            they differ from `current` is what chance alone changes (`jaccard_chance`,
            `rbo_chance`). None where there is no twin.
        catalogue: items that could be listed; None where that is unknown.

    Returns:
        Figures and, by user, how much each list changed.

    Raises:
        DataError: the ids of the frames differ in type.
    """
    old = first_places(previous, k, current)
    new = first_places(current, k, current)
    users = compare_lists(old, new, k, segments)
    figures = list(_population(old, new))
    figures += _spread(old, new, catalogue)
    figures += _changes(users, ALL)
    for segment, group in _groups(users):
        figures += _changes(group, segment)
    chance = None
    if twin is not None:
        again = first_places(twin, k, current)
        chance = compare_lists(again, new, k, None)
        if len(chance):
            figures += _means(chance, ALL, "_chance")
    table = _table(figures, k)
    return Stability(k, users, chance, table)


def _table(figures: list[Figure], k: int) -> pl.DataFrame:
    rows = []
    for one in figures:
        rows.append((SUBJECT, one.segment, one.name, k, one.value, one.low, one.high))
    return pl.DataFrame(rows, schema=METRIC_SCHEMA, orient="row")


def _population(previous: pl.DataFrame, current: pl.DataFrame) -> Iterator[Figure]:
    """Count users whom both runs serve, or one of them alone."""
    old = previous.select("user_id").unique()
    new = current.select("user_id").unique()
    both = len(old.join(new, on="user_id", how="semi"))
    yield Figure(ALL, "users_both", float(both))
    yield Figure(ALL, "users_gained", float(len(new) - both))
    yield Figure(ALL, "users_lost", float(len(old) - both))


def _spread(
    previous: pl.DataFrame, current: pl.DataFrame, catalogue: int | None
) -> Iterator[Figure]:
    """Measure how the lists of both runs spread over the items."""
    for name, value in exposure(current, catalogue).items():
        yield Figure(ALL, name, value)
    for name, value in exposure(previous, catalogue).items():
        yield Figure(ALL, f"{name}_previous", value)
    if len(previous):
        items = current.select("item_id").unique()
        kept = items.join(previous, on="item_id", how="semi")
        n_before = previous["item_id"].n_unique()
        yield Figure(ALL, "items_kept", len(kept) / n_before)


def _groups(users: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield each segment with its users, in the order of the segments' names."""
    segment = pl.col("segment")
    in_segment = users.filter(segment.is_not_null() & (segment != ALL))
    groups = {str(name): group for (name,), group in in_segment.group_by("segment")}
    for name in sorted(groups):
        yield name, groups[name]


def _changes(users: pl.DataFrame, segment: str) -> Iterator[Figure]:
    """Measure how much the lists of a group of users changed."""
    if users.is_empty():
        return
    yield from _means(users, segment, "")
    for name in ("jaccard", "rbo"):
        for point in PERCENTILES:
            quantile = pl.col(name).quantile(point / 100, "linear")
            value = users.select(quantile).item()
            yield Figure(segment, f"{name}_p{point}", value)
    # The same mean as in `_means`, so that churn is 1 - jaccard to the last bit.
    mean_jaccard = float(np.mean(users["jaccard"].to_numpy()))
    yield Figure(segment, "churn", 1 - mean_jaccard)
    for name in ("top1_changed", "unchanged"):
        yield Figure(segment, name, float(np.mean(users[name].to_numpy())))
    if segment != ALL:
        yield Figure(segment, "users_both", float(len(users)))


def _means(users: pl.DataFrame, segment: str, ending: str) -> Iterator[Figure]:
    """Average both overlaps over users, with intervals; `ending` goes behind their names."""
    for name in ("jaccard", "rbo"):
        values = users[name].to_numpy()
        low, high = interval(values)
        yield Figure(segment, name + ending, float(values.mean()), low, high)


def shares_of(values: Floats) -> Floats:
    """Return the share of users in each twentieth from 0 to 1.

    Args:
        values: one a user (n,), between 0 and 1.

    Returns:
        Shares (`BINS`,); zeros where there is nobody.
    """
    counts, _ = np.histogram(values, BINS, (0.0, 1.0))
    shares: Floats = counts / max(len(values), 1)
    return shares


def interval(values: Floats) -> tuple[float, float]:
    """Return the 95 % interval of a mean: percentile bootstrap, 1,000 seeded resamples.

    Values are rounded to thousandths first, so that a resample is one multinomial draw over few
    values.

    Args:
        values: one a user (n,), between 0 and 1.

    Returns:
        Its lower and upper end.
    """
    distinct, times = np.unique(values.round(3), return_counts=True)
    rng = np.random.default_rng(SEED)
    # How often each distinct value is drawn is all that the mean of a resample depends on.
    draws = rng.multinomial(len(values), times / len(values), size=RESAMPLES)
    means = draws @ distinct / len(values)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
