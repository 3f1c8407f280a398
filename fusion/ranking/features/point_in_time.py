"""Point-in-time counts: an item's interactions before any moment, without recounting for each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fusion.core.arrays import Flags, Rows, Times, offsets
from fusion.data.dataset import Dataset

KEPT_MOMENTS = 16
"""Moments whose counts of all items are kept: as many as the features of one block ask for."""


@dataclass(frozen=True)
class ItemTimeline:
    """N events sorted by item, then time, so that one binary search counts for any moment.

    The key of an event is `item * (N + 1) + number of events of all items before its time`. It
    ascends along the sorted events, and the key of an (item, moment) pair falls exactly behind the
    item's events before that moment.

    Attributes:
        all_times: times of all events (N,) ms, ascending.
        keys: keys of the sorted events (N,), ascending.
        times: times of the sorted events (N,) ms, ascending within an item.
        borders: where each item's events begin and end in them (I + 1,).
    """

    all_times: Times
    keys: Times
    times: Times
    borders: Times

    @classmethod
    def of(cls, data: Dataset) -> "ItemTimeline":
        """Index the interactions of `data`.

        Args:
            data: interactions in the order of their times.
        """
        # The last key is the first to sort by.
        by_item_and_time = np.lexsort((data.times, data.items))
        times = data.times[by_item_and_time]
        # Events of the same moment get the same number, so that "before" is strict.
        n_before = np.searchsorted(data.times, times, "left")
        keys = _keys(data.items[by_item_and_time], n_before, len(data))
        return cls(data.times, keys, times, offsets(data.item_counts))

    def before(self, items: Rows, moments: Times) -> Times:
        """Count the events of each item strictly before its moment.

        Args:
            items: item rows (C,).
            moments: times (C,) ms.

        Returns:
            Counts (C,).
        """
        n_items = len(self.borders) - 1
        # With one moment for all pairs, counting every item once takes fewer searches.
        if len(items) > n_items + 1 and one_for_all(moments):
            return self._all_before(int(moments[0]))[items]
        return self._count_before(items, moments)

    def _count_before(self, items: Rows, moments: Times) -> Times:
        n_before = np.searchsorted(self.all_times, moments, "left")
        keys = _keys(items, n_before, len(self.all_times))
        counts: Times = np.searchsorted(self.keys, keys, "left") - self.borders[items]
        return counts

    def _all_before(self, moment: int) -> Times:
        """Count the events of every item (I,) before one moment; the next block asks the same."""
        counts = self._counts_of_moments.get(moment)
        if counts is None:
            every_item = np.arange(len(self.borders) - 1, dtype=np.int32)
            counts = self._count_before(every_item, np.full(len(every_item), moment))
            # Only the moments of one block's features are worth their memory.
            if len(self._counts_of_moments) >= KEPT_MOMENTS:
                self._counts_of_moments.clear()
            self._counts_of_moments[moment] = counts
        return counts

    @cached_property
    def _counts_of_moments(self) -> dict[int, Times]:
        return {}

    def total(self, moments: Times) -> Times:
        """Count the events of all items strictly before each moment.

        Args:
            moments: times (C,) ms.

        Returns:
            Counts (C,) int64.
        """
        if one_for_all(moments):
            n_before = np.searchsorted(self.all_times, moments[0], "left")
            return np.full(len(moments), n_before, np.int64)
        return np.searchsorted(self.all_times, moments, "left").astype(np.int64)

    def newest(self, items: Rows, moments: Times) -> Times:
        """Return the time of each item's last event before its moment.

        Args:
            items: item rows (C,).
            moments: times (C,) ms.

        Returns:
            Times (C,) ms; -1 where there is none.
        """
        counts = self.before(items, moments)
        last_positions = self.borders[items] + counts - 1
        return self._times_at(last_positions, counts > 0)

    def first(self, items: Rows, moments: Times) -> Times:
        """Return the time of each item's first event.

        Args:
            items: item rows (C,).
            moments: times (C,) ms.

        Returns:
            Times (C,) ms; -1 where there is none before the item's moment.
        """
        starts, ends = self.borders[items], self.borders[items + 1]
        first_times = self._times_at(starts, ends > starts)
        return np.where(first_times < moments, first_times, -1)

    def _times_at(self, positions: Times, exists: Flags) -> Times:
        """Return the times (C,) of events by position, -1 where none exists."""
        times = np.full(len(positions), -1, np.int64)
        times[exists] = self.times[positions[exists]]
        return times


def _keys(items: Rows, n_before: Times, n_events: int) -> Times:
    """Return keys (n,) that order by item, then by the number of events before.

    Each item has N + 1 keys of its own, since 0 to N events may be before. With N = 4, item 2
    begins at key 10, and its event with three others before it has the key 13.
    """
    keys_per_item = n_events + 1
    first_keys = items.astype(np.int64) * keys_per_item
    keys: Times = first_keys + n_before
    return keys


def one_for_all(moments: Times) -> bool:
    """Return whether all moments are the same one.

    Args:
        moments: times (C,); none at all are not one.
    """
    if not len(moments):
        return False
    return bool((moments == moments[0]).all())
