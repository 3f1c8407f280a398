"""Point-in-time counts: how often an item was taken before any moment, without recounting for each moment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fusion.core.arrays import Flags, Rows, Times, offsets
from fusion.data.dataset import Dataset

KEPT = 16
"""Moments whose counts of all items are kept."""


@dataclass(frozen=True)
class ItemTimeline:
    """Events sorted by item, then time; `keys` (N,) orders them so that one binary search answers for a pair."""

    all_times: Times
    keys: Times
    times: Times
    borders: Times

    @classmethod
    def of(cls, data: Dataset) -> "ItemTimeline":
        """Index the interactions of `data`."""
        order = np.lexsort((data.times, data.items))
        keys = cls._key(
            data.items[order], np.searchsorted(data.times, data.times[order], "left"), len(data)
        )
        return cls(data.times, keys, data.times[order], offsets(data.item_counts))

    @staticmethod
    def _key(items: Rows, place: Times, total: int) -> Times:
        key: Times = items.astype(np.int64) * (total + 1) + place
        return key

    def before(self, items: Rows, moments: Times) -> Times:
        """Events (C,) of each item strictly before its moment (C,) ms."""
        if len(items) > len(self.borders) and one_for_all(moments):
            return self._all_before(int(moments[0]))[items]
        place = np.searchsorted(self.all_times, moments, "left")
        key = self._key(items, place, len(self.all_times))
        counts: Times = np.searchsorted(self.keys, key, "left") - self.borders[items]
        return counts

    def _all_before(self, moment: int) -> Times:
        """Events (I,) of every item before one moment: fewer searches than pairs, and block after block has the same.

        Only a few moments are kept, those of one block's features.
        """
        kept = self._kept.get(moment)
        if kept is None:
            every = np.arange(len(self.borders) - 1, dtype=np.int32)
            place = np.searchsorted(self.all_times, np.full(len(every), moment), "left")
            key = self._key(every, place, len(self.all_times))
            kept = np.searchsorted(self.keys, key, "left") - self.borders[:-1]
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[moment] = kept
        return kept

    @cached_property
    def _kept(self) -> dict[int, Times]:
        return {}

    def total(self, moments: Times) -> Times:
        """Events (C,) of all items strictly before each moment (C,) ms."""
        if one_for_all(moments):
            return np.full(
                len(moments), np.searchsorted(self.all_times, moments[0], "left"), np.int64
            )
        return np.searchsorted(self.all_times, moments, "left").astype(np.int64)

    def newest(self, items: Rows, moments: Times) -> Times:
        """Time (C,) ms of each item's last event before its moment; -1 where there is none."""
        counts = self.before(items, moments)
        return self._times_at(self.borders[items] + counts - 1, counts > 0)

    def first(self, items: Rows, moments: Times) -> Times:
        """Time (C,) ms of each item's first event; -1 where there is none before its moment."""
        first = self._times_at(self.borders[items], self.borders[items + 1] > self.borders[items])
        return np.where(first < moments, first, -1)

    def _times_at(self, places: Times, there: Flags) -> Times:
        found = np.full(len(places), -1, np.int64)
        found[there] = self.times[places[there]]
        return found


def one_for_all(moments: Times) -> bool:
    """Whether all moments (C,) are the same one."""
    return len(moments) > 0 and bool((moments == moments[0]).all())
