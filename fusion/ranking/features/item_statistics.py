"""Statistics of a fold's items, computed once and shared by all blocks of users."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, Scores
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset
from fusion.data.facts import FactIndex
from fusion.data.histories import UserHistories
from fusion.ranking.features.point_in_time import ItemTimeline

PRIOR = 10.0
"""Interactions that everyone's mean counts for: it draws an item or a user with few towards it."""
LEAST_SHARE = 1e-9
"""Least share of a category that is divided by: one that only new items have has no share yet."""
LEAST_LIFT = 1e-3
"""Added before the logarithm: a category nobody took yet has a lift of 0."""


@dataclass(frozen=True)
class ItemStatistics:
    """Item statistics of a fold's known interactions, each computed when it is first asked for.

    Attributes:
        data: the known interactions, with the items' table.
    """

    data: Dataset

    @property
    def n_events(self) -> int:
        """Known interactions, N."""
        return len(self.data)

    @cached_property
    def timeline(self) -> ItemTimeline:
        """Point-in-time counts of every item."""
        return ItemTimeline.of(self.data)

    @cached_property
    def takers(self) -> Rows:
        """Users of all events (N,), in the order of the timeline: by item, then time."""
        return self.data.users[np.lexsort((self.data.times, self.data.items))]

    @cached_property
    def log_counts(self) -> Scores:
        """log(1 + interactions) of each item (I,)."""
        return np.log1p(self.data.item_counts).astype(np.float32)

    @cached_property
    def mean_weights(self) -> Scores:
        """Mean weight of each item (I,), shrunk to the overall mean by `PRIOR` interactions."""
        data = self.data
        overall = float(data.weights.mean()) if len(data) else 0.0
        sums = np.bincount(data.items, data.weights, minlength=data.n_items)
        means: Scores = (sums + PRIOR * overall) / (data.item_counts + PRIOR)
        return means.astype(np.float32)

    @cached_property
    def categories(self) -> csr_array | None:
        """Items x categories (I, K) float32 of ones over all list columns; None without one."""
        return all_categories(self.data.item_table)

    @cached_property
    def facts(self) -> FactIndex:
        """Facts of every item."""
        return self.data.facts.index(self.data.n_items)

    @cached_property
    def fact_rarity(self) -> Scores:
        """Log of how few known items have each value (V,): 0 for one that all of them have."""
        is_known = self.data.item_counts > 0
        of_known = self.facts.values[is_known[self.facts.items]]
        counts = np.bincount(of_known, minlength=self.facts.n_values)
        shares = np.maximum(counts, 1) / max(1, is_known.sum())
        rarity: Scores = -np.log(np.minimum(shares, 1)).astype(np.float32)
        return rarity

    @cached_property
    def _category_shares(self) -> Scores:
        """Share (K,) of all interactions that carry each category."""
        assert self.categories is not None
        counts = self.data.item_counts.astype(np.float32) @ self.categories
        shares: Scores = (counts / max(1, self.n_events)).astype(np.float32)
        return shares

    def affinity(self, users: UserHistories, owners: Rows, items: Rows) -> Scores:
        """Measure how much more of an item's categories a user takes than everyone does.

        Args:
            users: B users with their histories.
            owners: index (C,) of each candidate's user in the block.
            items: item row (C,) of each candidate.

        Returns:
            Mean log lift (C,) float32 over the item's categories; NaN for items without any.
        """
        assert self.categories is not None
        lift = self._log_lift(users)
        own_categories = self.categories[items]
        n_categories = np.diff(own_categories.indptr)
        # One entry for each category of each candidate's item: candidates 0 and 1 of user 5, with
        # items of the categories {x, y} and {y}, give positions 0 0 1, users 5 5 5, and x y y.
        positions = np.repeat(np.arange(len(items)), n_categories)
        entry_users = owners[positions]
        entry_categories = own_categories.indices
        entry_lifts = lift[entry_users, entry_categories]
        sums = np.bincount(positions, entry_lifts, minlength=len(items))
        has_categories = n_categories > 0
        affinity = np.full(len(items), np.nan, np.float32)
        affinity[has_categories] = sums[has_categories] / n_categories[has_categories]
        return affinity

    def _log_lift(self, users: UserHistories) -> Scores:
        """Return the log of each category's share (B, K) in a history over its share in all."""
        assert self.categories is not None
        shares = self._category_shares
        # Repeats count once: an affinity is about different items.
        counts = (users.seen @ self.categories).toarray()
        n_seen = users.seen.sum(axis=1)[:, None]
        # A user's share of a category, shrunk to everyone's by PRIOR interactions.
        own_shares = (counts + PRIOR * shares) / (n_seen + PRIOR)
        lift = own_shares / np.maximum(shares, LEAST_SHARE)
        log_lift: Scores = np.log(lift + LEAST_LIFT)
        return log_lift
