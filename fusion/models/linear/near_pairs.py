"""Sums over pairs of near events: the products of a regression on sliding windows.

With a row for every moment of every history, whose columns are the items near that moment, the
matrices would have L events in each row. Two events meet in as many moments as their distance and
the ends of the history allow, so a product of two such matrices is a sum over pairs of events.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Offsets, Rows, Scores, block_rows, blocks, offsets
from fusion.data.dataset import Dataset

SUM_BYTES = 16 * 2**20
"""Memory budget of the rows that are summed at once; few, so that they stay in the caches."""
EVENT_BYTES = 80
"""Bytes of an event with its place in its history, and with the cell that it is added to."""

LagWeights = NDArray[np.float64]
"""What an event adds beside the one `lag` events before it (L, A), by lag and by the events of its
user after it; the last column holds for A - 1 of them and more."""


@dataclass(frozen=True)
class OrderedEvents:
    """Events of all users, one user after the other, oldest first.

    Attributes:
        columns: (N,) int32 place of the event's item among the K kept ones; -1: not kept.
        before: (N,) int32 events of the same user before it.
        after: (N,) int32 events of the same user after it.
        of_items: (E,) int64 positions of the events of kept items, item after item.
        borders: (K + 1,) of the items in `of_items`.
    """

    columns: Rows
    before: Rows
    after: Rows
    of_items: Offsets
    borders: Offsets

    @property
    def n_items(self) -> int:
        """K, items that are kept."""
        return len(self.borders) - 1


def ordered_events(data: Dataset, items: Rows) -> OrderedEvents:
    """Put the events of each user in order, and find those of each kept item.

    Args:
        data: interactions of I items.
        items: (K,) rows of the kept ones.

    Returns:
        All events; those of other items only keep their places in the histories.
    """
    order, borders = data.by_user
    column_of_item = np.full(data.n_items, -1, np.int32)
    column_of_item[items] = np.arange(len(items), dtype=np.int32)
    columns = column_of_item[data.items[order]]
    counts = np.diff(borders)
    before = (np.arange(len(order)) - np.repeat(borders[:-1], counts)).astype(np.int32)
    after = (np.repeat(counts, counts) - 1 - before).astype(np.int32)
    n_left_out = np.count_nonzero(columns < 0)
    of_items = np.argsort(columns, kind="stable")[n_left_out:]
    return OrderedEvents(columns, before, after, of_items, offsets(data.item_counts[items]))


def sum_lags(events: OrderedEvents, weights: LagWeights) -> Scores:
    """Sum the weights of all pairs of near events by their items.

    Summed in float64, lag by lag and event by event, so that the bits never depend on the blocks.

    Args:
        events: of K kept items.
        weights: of pairs of events.

    Returns:
        (K, K) float32: item of the later event x item of the earlier one.
    """
    n_items = events.n_items
    sums = np.empty((n_items, n_items), np.float32)
    for part in blocks(n_items, block_rows(n_items, SUM_BYTES, 8)):
        sums[part] = _sum_rows(events, weights, part)
    return sums


def _sum_rows(events: OrderedEvents, weights: LagWeights, part: slice) -> NDArray[np.float64]:
    """Sum the pairs whose later event is of some items: (rows of the part, K)."""
    n_items = events.n_items
    later = events.of_items[events.borders[part.start] : events.borders[part.stop]]
    first_cell = (events.columns[later].astype(np.int64) - part.start) * n_items
    cells = np.zeros((part.stop - part.start) * n_items)
    most_after = weights.shape[1] - 1
    for lag, weights_of_lag in enumerate(weights):
        columns = events.columns[np.maximum(later - lag, 0)]
        # Before a user's first event stand those of the user before.
        is_pair = (events.before[later] >= lag) & (columns >= 0)
        n_after = np.minimum(events.after[later[is_pair]], most_after)
        np.add.at(cells, first_cell[is_pair] + columns[is_pair], weights_of_lag[n_after])
    return cells.reshape(-1, n_items)
