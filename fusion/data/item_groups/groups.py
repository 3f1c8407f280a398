"""Items by category, by popularity, and what is new: as of the moment that a dataset knows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from fusion.core.arrays import DAY, Flags, Rows
from fusion.data.categories import category_columns, one_hot
from fusion.data.dataset import Dataset
from fusion.data.item_groups.defaults import DEFAULTS

HEAD, MIDDLE, TAIL, NEW = "head", "middle", "tail", "new"
"""Groups that every data set has; a name of a category group holds a "="."""
EVERYWHERE = HEAD, MIDDLE, TAIL, NEW
"""These four, in the order of their columns."""


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
    recent, days = _recent_events(known, window)
    names, parts = _category_groups(known.item_table, _counts(known, recent))
    members = csr_array(hstack([*parts, _groups_everywhere(known, recent)]))
    return ItemGroups((*names, *EVERYWHERE), members, recent, days)


def items_of_groups(names: Iterable[str], known: Dataset, window: int | None) -> Flags:
    """Mark the items of some groups that every data set has, cut as `item_groups` cuts them.

    Args:
        names: of them, each one of `EVERYWHERE`.
        known: what is known as lists are made.
        window: days of the verdict's window; None unless the split is by time.

    Returns:
        (I,) items that are in any of the groups.
    """
    recent, _ = _recent_events(known, window)
    columns = [EVERYWHERE.index(name) for name in names]
    marks: Flags = _groups_everywhere(known, recent)[:, columns].sum(axis=1) > 0
    return marks


def _recent_events(known: Dataset, window: int | None) -> tuple[Flags, int | None]:
    """Mark the known events (N,) of the newest window, and return its days."""
    days = max(window, DEFAULTS.min_days) if window and known.has_times else None
    if days is None:
        return np.ones(len(known), bool), None
    return known.times >= known.as_of - days * DAY, days


def _counts(known: Dataset, recent: Flags) -> Rows:
    """Count the recent events (N,) of each item (I,)."""
    return np.bincount(known.items[recent], minlength=known.n_items).astype(np.int32)


def _groups_everywhere(known: Dataset, recent: Flags) -> csr_array:
    """Mark head, middle, tail and what is new: items (I, 4)."""
    popularity = _popularity_groups(_counts(known, recent))
    return csr_array(hstack([popularity, _new_items(known, recent)]))


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
