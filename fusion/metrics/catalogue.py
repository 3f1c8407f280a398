"""Metrics of what is listed, without labels: coverage, concentration, novelty and popularity.

Lists are (n, k) int32 item rows, -1 past the end of a short one.
"""

import numpy as np

from fusion.core.arrays import Rows


def coverage(lists: Rows, n_items: int) -> float:
    """Return the share of the catalogue that stands in at least one list.

    Args:
        lists: lists (n, k).
        n_items: items of the catalogue.
    """
    listed = np.unique(lists[lists >= 0])
    return len(listed) / max(1, n_items)


def gini(lists: Rows, n_items: int) -> float:
    """Compute the Gini coefficient of how often items are listed.

    With the counts x in ascending order it is sum((2 i - I - 1) x_i) / (I sum(x)), i from 1.

    Args:
        lists: lists (n, k).
        n_items: items of the catalogue, I; those never listed count 0.

    Returns:
        0 where all items are listed equally often, near 1 where one item has all places; 0 for
        empty lists.
    """
    counts = np.bincount(lists[lists >= 0], minlength=n_items)
    ascending = np.sort(counts).astype(np.float64)
    total = ascending.sum()
    if not total:
        return 0.0
    places = np.arange(1, n_items + 1)
    weights = 2 * places - n_items - 1
    return float(weights @ ascending / (n_items * total))


def novelty(lists: Rows, counts: Rows) -> float:
    """Compute the mean self-information of what is listed.

    That of an item is -log2 of its share of all interactions: Zhou, Kuscsik, Liu, Medo, Wakeling
    and Zhang, "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 2010.

    Args:
        lists: lists (n, k).
        counts: known interactions (I,) of each item; an item without any counts as if it had one.

    Returns:
        Bits an item, larger is more novel; 0 for empty lists.
    """
    listed = lists[lists >= 0]
    if not len(listed):
        return 0.0
    total = max(1, counts.sum())
    # An item nobody took has no share to take the logarithm of.
    shares = np.maximum(counts[listed], 1) / total
    return float(-np.log2(shares).mean())


def popularity(lists: Rows, counts: Rows) -> float:
    """Compute how popular what is listed is, beside the most popular item.

    Args:
        lists: lists (n, k).
        counts: known interactions (I,) of each item.

    Returns:
        Mean interactions of the places filled, as a share of the largest count; 0 for empty lists.
    """
    listed = lists[lists >= 0]
    if not len(listed):
        return 0.0
    largest = max(1, counts.max())
    return float(counts[listed].mean() / largest)
