"""What a fold knows of its items as a whole, computed once and shared by all blocks of users."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, Scores
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.ranking.features.point_in_time import ItemTimeline

PRIOR = 10.0
"""Interactions' worth of doubt that draws an item's or user's mean towards everyone's."""


@dataclass(frozen=True)
class ItemStatistics:
    """Item statistics of a fold's known interactions."""

    data: Dataset

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """Which of "times", "weights" and "categories" the data has."""
        has = {
            "times": self.data.has_times,
            "weights": self.data.has_weights,
            "categories": self.categories is not None,
        }
        return frozenset(name for name, present in has.items() if present)

    @property
    def n_events(self) -> int:
        """N, interactions known."""
        return len(self.data)

    @cached_property
    def moments(self) -> ItemTimeline:
        """Point-in-time counts."""
        return ItemTimeline.of(self.data)

    @cached_property
    def log_counts(self) -> Scores:
        """log(1 + interactions) of each item (I,)."""
        return np.log1p(self.data.item_counts).astype(np.float32)

    @cached_property
    def mean_weights(self) -> Scores:
        """Mean weight of each item (I,), drawn towards the overall mean by `PRIOR` interactions."""
        overall = float(self.data.weights.mean()) if len(self.data) else 0.0
        sums = np.bincount(self.data.items, self.data.weights, minlength=self.data.n_items)
        means: Scores = ((sums + PRIOR * overall) / (self.data.item_counts + PRIOR)).astype(
            np.float32
        )
        return means

    @cached_property
    def categories(self) -> csr_array | None:
        """Items x categories (I, K) float32 of ones over all list columns; None when there is no such column."""
        return all_categories(self.data.item_table)

    @cached_property
    def _overall(self) -> Scores:
        """Share (K,) of all interactions that carry each category."""
        assert self.categories is not None
        counts = self.data.item_counts.astype(np.float32) @ self.categories
        shares: Scores = (counts / max(1, self.n_events)).astype(np.float32)
        return shares

    def affinity(self, users: UserHistories, owners: Rows, items: Rows) -> Scores:
        """Mean log lift (C,) of an item's categories in a user's history over everyone's; NaN without categories."""
        assert self.categories is not None
        categories = self.categories
        counts = (users.seen @ categories).toarray()
        events = users.seen.sum(axis=1)[:, None]
        lift = np.log(
            (counts + PRIOR * self._overall) / (events + PRIOR) / np.maximum(self._overall, 1e-9)
            + 1e-3
        )
        found = np.empty(len(items), np.float32)
        size = np.diff(categories.indptr)
        mine = categories[items]
        rows = np.repeat(np.arange(len(items)), np.diff(mine.indptr))
        sums = np.bincount(rows, lift[owners[rows], mine.indices], minlength=len(items))
        has = size[items] > 0
        found[has] = sums[has] / size[items][has]
        found[~has] = np.nan
        return found
