"""Distances between two distributions of counts, and how values become counts.

Everything here works on int codes, so that both sides are counted in the same bins: `number_codes`
and `category_codes` make them, `psi` and `jensenshannon` compare them.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BINS = 10
VOCABULARY = 100


def number_codes(reference: pl.Series, current: pl.Series) -> tuple[Ints, Ints]:
    """Give the bin of each value: deciles of the reference; nulls and NaN share a bin of their own, the last.

    A value that fills a whole decile (a tie, a constant, a flag) is a bin by itself, so that moving
    away from it is seen in both directions. Infinities fall into the outer bins.
    """
    left, right = (
        side.cast(pl.Float64).fill_null(float("nan")).to_numpy() for side in (reference, current)
    )
    edges = _edges(left[~np.isnan(left)])
    missing = len(edges) + 1
    first, second = (
        np.where(np.isnan(side), missing, np.searchsorted(edges, side, side="left")).astype(
            np.int64
        )
        for side in (left, right)
    )
    return first, second


def _edges(values: Floats) -> Floats:
    """Upper edges of the bins, each bin being (previous edge, edge]; the last bin is open."""
    if not len(values):
        return np.empty(0)
    cuts = np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf")
    edges, times = np.unique(cuts, return_counts=True)
    return np.union1d(edges, np.nextafter(edges[times > 1], -np.inf))


def category_codes(reference: pl.Series, current: pl.Series) -> tuple[Ints, Ints]:
    """Give the place of each value in the shared vocabulary; missing is a word of its own.

    Past the 100 words with the largest share on either side the rest is one word: with thousands of
    rare words the distance would measure little but the size of the sample. A list counts once for
    each entry.
    """
    left, right = (words(side) for side in (reference, current))
    shares = pl.concat([_shares(left), _shares(right)]).group_by("word").agg(pl.col("share").max())
    known = shares.sort(["share", "word"], descending=[True, False], nulls_last=True).head(
        VOCABULARY
    )
    places = known.select("word").with_row_index("place")
    first, second = (
        side.to_frame("word")
        .join(places, on="word", how="left", nulls_equal=True, maintain_order="left")["place"]
        .fill_null(len(places))
        .cast(pl.Int64)
        .to_numpy()
        for side in (left, right)
    )
    return first, second


def words(values: pl.Series) -> pl.Series:
    """Give a category column as the text column `word`, lists as one row for each entry (null when empty)."""
    if isinstance(values.dtype, pl.List):
        values = values.explode(empty_as_null=True)
    return values.cast(pl.String).alias("word")


def _shares(words: pl.Series) -> pl.DataFrame:
    size = max(len(words), 1)
    return words.to_frame().group_by("word").len("n").select("word", share=pl.col("n") / size)


def counts(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Count both sides' codes into bins of the same width; bins that are empty on both sides are gone."""
    width = int(max(first.max(initial=0), second.max(initial=0))) + 1
    left, right = np.bincount(first, minlength=width), np.bincount(second, minlength=width)
    seen = (left + right) > 0
    return left[seen], right[seen]


def psi(first: Ints, second: Ints) -> float:
    """Give the population stability index, the sum of (q - p) ln(q / p) over bins; 0 when equal, unbounded.

    A bin that is empty on one side counts as half a row there: an empty bin among 50 rows says less
    than one among 50,000.
    """
    p, q = (np.where(side == 0, 0.5, side) / side.sum() for side in (first, second))
    return float(((q - p) * np.log(q / p)).sum())


def jensenshannon(first: Ints, second: Ints) -> float:
    """Give the Jensen-Shannon distance of counts, natural logarithm: 0 when equal, 0.833 when disjoint."""
    p, q = first / first.sum(), second / second.sum()
    divergence = _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def _entropy(shares: Floats) -> float:
    some = shares[shares > 0]
    return -float((some * np.log(some)).sum())
