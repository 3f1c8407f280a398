"""Metrics of what is listed: how much of the catalogue, how popular, how novel."""

import numpy as np

from fusion.core.arrays import Rows


def coverage(lists: Rows, n_items: int) -> float:
    """Share of the catalogue that stands in at least one list."""
    return len(np.unique(lists[lists >= 0])) / max(1, n_items)


def gini(lists: Rows, n_items: int) -> float:
    """Gini coefficient of how often items are listed: 0 all alike, 1 one item only."""
    counts = np.sort(np.bincount(lists[lists >= 0], minlength=n_items)).astype(np.float64)
    total = counts.sum()
    if not total:
        return 0.0
    places = np.arange(1, n_items + 1)
    return float((2 * places - n_items - 1) @ counts / (n_items * total))


def novelty(lists: Rows, counts: Rows) -> float:
    """Mean surprise of what is listed, -log2 of the item's share of interactions (I,) counts, in bits."""
    listed = lists[lists >= 0]
    share = np.maximum(counts[listed], 1) / max(1, counts.sum())
    return float(-np.log2(share).mean()) if len(listed) else 0.0


def popularity(lists: Rows, counts: Rows) -> float:
    """Mean interactions (I,) counts of what is listed, as a share of those of the most taken item."""
    listed = lists[lists >= 0]
    return float(counts[listed].mean() / max(1, counts.max())) if len(listed) else 0.0
