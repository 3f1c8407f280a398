"""Divergences of two distributions of counts, and codes that put values into the same bins.

Everything works on int codes, so that both sides are counted in the same bins: `number_codes` and
`category_codes` make them, `counts` counts them, `psi` and `jensenshannon` compare the counts.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BINS = 10
"""Deciles, as usual with the stability index: its rules of thumb (0.1, 0.25) are for ten bins."""
VOCABULARY = 100
"""Categories that are told apart: with thousands of rare ones a divergence would measure little but
the size of the sample.
"""
RESOLUTION = 1e-3
"""Numbers closer than this share of the reference's spread are the same value to a bin: one mean of
floats that was summed in another order must not be another decile.
"""
LEAST_RESOLUTION = 1e-6
"""The same as a share of the largest number, where nearly all of the reference is one value."""
GRID_OFFSET = 0.381966
"""Moves the grid's lines away from round numbers, where values gather."""
EMPTY_BIN = 0.5
"""Rows that an empty bin counts as in the stability index, which is infinite for none."""


def number_codes(reference: pl.Series, current: pl.Series) -> tuple[Ints, Ints]:
    """Put numbers into the deciles of the reference.

    Near-ties are ties. A value that fills a whole decile (a tie, a constant, a flag) is a bin by
    itself, so that moving away from it is seen in both directions. Infinities fall into the outer
    bins; nulls and NaN share a bin of their own, the last.

    Args:
        reference: numbers (n,) that define the bins.
        current: numbers (m,).

    Returns:
        The bin of each value, (n,) and (m,).
    """
    reference_values, current_values = _on_one_grid(_floats(reference), _floats(current))
    edges = _decile_edges(reference_values[~np.isnan(reference_values)])
    return _bins_of(reference_values, edges), _bins_of(current_values, edges)


def _floats(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _on_one_grid(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Number both sides' values by cells of a grid that is fine beside the reference's spread."""
    # A power of two moves no value to another cell, and differences stay below what a float holds.
    reference, current = reference / 4, current / 4
    finite = reference[np.isfinite(reference)]
    if not len(finite):
        return reference, current
    low, middle, high = np.quantile(finite, [0.05, 0.5, 0.95], method="inverted_cdf")
    cell = max(RESOLUTION * (high - low), LEAST_RESOLUTION * np.abs(finite).max())
    if not cell:
        return reference, current
    # What lies so far out that its cell has no number is infinite, and falls into an outer bin.
    with np.errstate(over="ignore"):
        first, second = (
            np.floor((one - middle) / cell + GRID_OFFSET) for one in (reference, current)
        )
    return first, second


def _bins_of(values: Floats, edges: Floats) -> Ints:
    missing = len(edges) + 1
    # NaN is put right below.
    bins = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), missing, bins).astype(np.int64)


def _decile_edges(values: Floats) -> Floats:
    """Return upper edges of bins (previous edge, edge]; the last bin is open."""
    if not len(values):
        return np.empty(0)
    cuts = np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf")
    edges, repeats = np.unique(cuts, return_counts=True)
    # A further edge just below a repeated one makes that value a bin of its own.
    below_ties = np.nextafter(edges[repeats > 1], -np.inf)
    return np.union1d(edges, below_ties)


def category_codes(reference: pl.Series, current: pl.Series) -> tuple[Ints, Ints]:
    """Number categories by a vocabulary that both sides share.

    The vocabulary holds the words with the largest share on either side; the rest is one word, and
    missing is a word of its own. A list counts once for each entry. Values go by their text, so
    that both sides may be of different types: "1" and 1 are the same word, 1 and 1.0 are not.

    Args:
        reference: categories, or lists of them.
        current: the same of the other side.

    Returns:
        The word of each value, or of each entry of each list, of both sides.
    """
    reference_words = words(reference)
    current_words = words(current)
    both = pl.concat([_shares(reference_words), _shares(current_words)])
    largest_share = both.group_by("word").agg(pl.col("share").max())
    # The word itself breaks ties, so that the same words are kept every time.
    ordered = largest_share.sort(["share", "word"], descending=[True, False], nulls_last=True)
    vocabulary = ordered.head(VOCABULARY).select("word").with_row_index("code")
    return _codes_of(reference_words, vocabulary), _codes_of(current_words, vocabulary)


def _codes_of(words: pl.Series, vocabulary: pl.DataFrame) -> Ints:
    rest = len(vocabulary)
    joined = words.to_frame("word").join(
        vocabulary, on="word", how="left", nulls_equal=True, maintain_order="left"
    )
    codes = joined["code"].fill_null(rest)
    return codes.cast(pl.Int64).to_numpy()


def words(values: pl.Series) -> pl.Series:
    """Return a category column as text, one row for each category.

    Args:
        values: categories, or lists of them.

    Returns:
        The text column `word`; of lists a row for each entry, null for an empty list.
    """
    if isinstance(values.dtype, pl.List):
        values = values.explode(empty_as_null=True)
    return values.cast(pl.String).alias("word")


def _shares(words: pl.Series) -> pl.DataFrame:
    size = max(len(words), 1)
    occurrences = words.to_frame().group_by("word").len("n")
    return occurrences.select("word", share=pl.col("n") / size)


def counts(first: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Count both sides' codes in the same bins.

    Args:
        first: codes (n,) from 0.
        second: codes (m,) from 0.

    Returns:
        Counts of each side, one a bin; bins that are empty on both sides are left out.
    """
    largest = max(first.max(initial=0), second.max(initial=0))
    n_bins = int(largest) + 1
    first_counts = np.bincount(first, minlength=n_bins)
    second_counts = np.bincount(second, minlength=n_bins)
    is_used = (first_counts + second_counts) > 0
    return first_counts[is_used], second_counts[is_used]


def psi(first: Ints, second: Ints) -> float:
    """Compute the population stability index, the sum of (q - p) ln(q / p) over bins.

    It is Jeffreys' divergence of the two shares, p and q; as an index of stability see Siddiqi,
    "Credit risk scorecards", 2006. A bin that is empty on one side counts as half a row there: an
    empty bin among 50 rows says less than one among 50,000.

    Args:
        first: counts of each bin (b,).
        second: counts of the same bins.

    Returns:
        0 when equal, unbounded.
    """
    p = _shares_without_zeros(first)
    q = _shares_without_zeros(second)
    terms = (q - p) * np.log(q / p)
    return float(terms.sum())


def _shares_without_zeros(counts: Ints) -> Floats:
    smoothed = np.where(counts == 0, EMPTY_BIN, counts)
    shares: Floats = smoothed / counts.sum()
    return shares


def jensenshannon(first: Ints, second: Ints) -> float:
    """Compute the Jensen-Shannon distance, by natural logarithms.

    It is the root of the entropy of the mean less the mean of the entropies (Lin, "Divergence
    measures based on the Shannon entropy", IEEE Transactions on Information Theory 1991); the root
    makes it a metric (Endres and Schindelin, the same journal, 2003).

    Args:
        first: counts of each bin (b,).
        second: counts of the same bins.

    Returns:
        0 when equal, 0.833 (the root of ln 2) when disjoint.
    """
    p = first / first.sum()
    q = second / second.sum()
    mean = (p + q) / 2
    mean_of_entropies = (_entropy(p) + _entropy(q)) / 2
    divergence = _entropy(mean) - mean_of_entropies
    # Rounding may leave equal sides a little below 0.
    return float(np.sqrt(max(divergence, 0.0)))


def _entropy(shares: Floats) -> float:
    positive = shares[shares > 0]
    terms = positive * np.log(positive)
    return -float(terms.sum())
