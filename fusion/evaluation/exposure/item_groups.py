"""Groups of items by which exposure is measured: categories, popularity, and what is new."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from fusion.core.arrays import DAY, Flags, Rows
from fusion.data.categories import category_columns, one_hot
from fusion.data.dataset import Dataset
from fusion.evaluation.exposure.defaults import DEFAULTS

HEAD, MIDDLE, TAIL, NEW = "head", "middle", "tail", "new"
"""Groups that every data set has; a name of a category group holds a "="."""


@dataclass(frozen=True)
class ItemGroups:
    """Groups of items; an item may be in several, as of two categories.

    Attributes:
        names: G names, "column=value" or one of the four above.
        members: (I, G) float32 of ones.
        recent: (N,) which known events are those of the window.
        days: days of the window; None where all known events count.
    """

    names: tuple[str, ...]
    members: csr_array
    recent: Flags
    days: int | None


def item_groups(known: Dataset, window: int | None) -> ItemGroups:
    """Group the items of a data set.

    Args:
        known: what is known as lists are made.
        window: days of the verdict's window; None unless the split is by time.

    Returns:
        Of each category column its values with most events in the window, then head, middle, tail
        and new.
    """
    days = max(window, DEFAULTS.min_days) if window and known.has_times else None
    begin = known.as_of - days * DAY if days else None
    recent = np.ones(len(known), bool) if begin is None else known.times >= begin
    counts = np.bincount(known.items[recent], minlength=known.n_items).astype(np.int32)
    names, parts = _category_groups(known.item_table, counts)
    names += [HEAD, MIDDLE, TAIL, NEW]
    parts += [_popularity_groups(counts), _new_items(known, recent)]
    return ItemGroups(tuple(names), csr_array(hstack(parts)), recent, days)


def _category_groups(table: pl.DataFrame, counts: Rows) -> tuple[list[str], list[csr_array]]:
    """Return the largest values of each category column, by events of their items (I,)."""
    names: list[str] = []
    parts: list[csr_array] = []
    for column in category_columns(table):
        values = table[column].explode().drop_nulls().unique().sort().to_list()
        members = one_hot(table[column])
        # Of values with equally many events the first in the alphabet.
        order = np.argsort(-(counts @ members), kind="stable")[: DEFAULTS.max_values]
        names += [f"{column}={values[index]}" for index in order]
        parts.append(csr_array(members[:, order]))
    return names, parts


def _popularity_groups(counts: Rows) -> csr_array:
    """Cut items (I,) by share of events: head, middle, tail; what nobody took is of the tail."""
    order = np.argsort(-counts, kind="stable")
    # An item belongs where the events before it end: the first one is of the head, however large.
    before = np.cumsum(counts[order]) - counts[order]
    share = before / max(1, counts.sum())
    part = np.digitize(share, DEFAULTS.popularity_borders)
    part[counts[order] == 0] = len(DEFAULTS.popularity_borders)
    return csr_array((np.ones(len(order), np.float32), (order, part)), shape=(len(order), 3))


def _new_items(known: Dataset, recent: Flags) -> csr_array:
    """Mark items (I, 1) without any event before the window."""
    earlier: NDArray[np.int64] = np.bincount(known.items[~recent], minlength=known.n_items)
    # Without a window nothing is earlier, and new is what nobody has taken yet.
    had = earlier if not recent.all() else known.item_counts
    return csr_array((had == 0).astype(np.float32)[:, None])
