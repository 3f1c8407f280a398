"""How a set of lists spreads over the items: coverage, Gini, popularity."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


def exposure(lists: pl.DataFrame, catalogue: int | None) -> dict[str, float]:
    """Measure lists of (user_id, rank, item_id); empty lists give no figure.

    `items_listed`: distinct items. `coverage`: their share of the `catalogue` (number of items that
    could be listed). `gini`: 0 when every item of the catalogue is listed equally often, near 1
    when one takes all; without a catalogue over the listed items only. `popularity`: the share of
    all lists that hold an item, averaged over the listings, with its 10, 50 and 90 % points; 1 when
    everyone sees the same list.
    """
    if lists.is_empty():
        return {}
    counts = lists.group_by("item_id").len("n")["n"].to_numpy().astype(np.float64)
    share = np.sort(counts) / lists["user_id"].n_unique()
    points = _weighted_points(share, np.sort(counts))
    figures = {
        "items_listed": float(len(counts)),
        "gini": gini(counts, max(catalogue or 0, len(counts))),
    }
    if catalogue:
        figures["coverage"] = len(counts) / catalogue
    return {
        **figures,
        "popularity": float((share * np.sort(counts)).sum() / counts.sum()),
        **points,
    }


def gini(counts: NDArray[Any], items: int) -> float:
    """Give the Gini coefficient of `counts`, filled with zeros up to `items` entries."""
    values = np.sort(counts.astype(np.float64))
    places = np.arange(items - len(values) + 1, items + 1)
    return float(2 * (places * values).sum() / (items * values.sum()) - (items + 1) / items)


def _weighted_points(share: NDArray[np.float64], weights: NDArray[np.float64]) -> dict[str, float]:
    below = np.cumsum(weights) / weights.sum()
    places = {point: int(np.searchsorted(below, point / 100 - 1e-12)) for point in (10, 50, 90)}
    return {f"popularity_p{point}": float(share[place]) for point, place in places.items()}
