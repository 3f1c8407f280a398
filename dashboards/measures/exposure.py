"""Exposure of items in a set of lists: coverage, Gini, popularity."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

PERCENTILES = (10, 50, 90)


def exposure(lists: pl.DataFrame, catalogue: int | None) -> dict[str, float]:
    """Measure how lists spread over the items.

    Args:
        lists: rows of (user_id, rank, item_id).
        catalogue: items that could be listed; None where that is unknown.

    Returns:
        `items_listed`: distinct items. `coverage`: their share of the catalogue, where it is known.
        `gini`: 0 when every item of the catalogue is listed equally often, near 1 when one takes
        all; without a catalogue over the listed items only. `popularity`: the share of all lists
        that hold an item, averaged over the listings, with its 10, 50 and 90 % points; 1 when
        everyone sees the same list. Empty lists give no figure.
    """
    if lists.is_empty():
        return {}
    listings = lists.group_by("item_id").len("n")
    counts = listings["n"].to_numpy().astype(np.float64)
    # Shares rise with counts, so that one sort serves both percentiles and sums.
    ascending = np.sort(counts)
    n_users = lists["user_id"].n_unique()
    share = ascending / n_users
    n_listed = len(counts)
    figures = {"items_listed": float(n_listed)}
    figures["gini"] = gini(counts, max(catalogue or 0, n_listed))
    if catalogue:
        figures["coverage"] = n_listed / catalogue
    # Averaged over listings, so that an item weighs as often as it is seen.
    total = (share * ascending).sum()
    figures["popularity"] = float(total / counts.sum())
    return figures | _weighted_percentiles(share, ascending)


def gini(counts: NDArray[Any], items: int) -> float:
    """Return the Gini coefficient of counts.

    Args:
        counts: how often each listed item is listed (m,).
        items: items over all, listed or not; those that are not listed count 0.

    Returns:
        0 when all counts are equal, towards 1 when one takes all.
    """
    ascending = np.sort(counts.astype(np.float64))
    # Items that are never listed would stand first and add nothing: positions start behind them.
    n_unlisted = items - len(ascending)
    positions = np.arange(n_unlisted + 1, items + 1)
    weighted = (positions * ascending).sum()
    total = items * ascending.sum()
    return float(2 * weighted / total - (items + 1) / items)


def _weighted_percentiles(
    share: NDArray[np.float64], weights: NDArray[np.float64]
) -> dict[str, float]:
    """Return percentiles of ascending values (m,) that count with their weights (m,)."""
    below = np.cumsum(weights) / weights.sum()
    percentiles = {}
    for point in PERCENTILES:
        # A hair less, so that a sum that rounding put just above a border does not skip a value.
        position = int(np.searchsorted(below, point / 100 - 1e-12))
        percentiles[f"popularity_p{point}"] = float(share[position])
    return percentiles
