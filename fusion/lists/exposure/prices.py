"""Prices of item groups: what a list gives for an item of a group, in units of its scores.

Lists that hold a share of exposure at the least loss of score are those of a Lagrangian: each
item's score gains the price of its group, and each user's list is sorted anew (Singh and Joachims,
"Fairness of exposure in rankings", 2018, give the program; its dual has one price a group).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows, Scores
from fusion.core.hashing import shares
from fusion.data.ranked_lists import RankedLists
from fusion.lists.business_rules.exposure_limits import ExposedItems

Floats = NDArray[np.float64]
SEED = 0xE0
"""Of the hash that says which side of a price a user pays: the same in every run."""


@dataclass(frozen=True)
class PricedOrder:
    """An order of candidates that prices may change, and what they do not touch.

    Attributes:
        users: (B,).
        items: candidates in order (B, P), -1 past the end.
        relevance: (B, P) float32, falling along each row: the pool's scores by rank, in standard
            deviations of the user's; minus infinity past the end.
        pins: pinned items (B, M), -1 for none.
        behind: items that stand behind all candidates (B, N), -1 for none.
    """

    users: Rows
    items: Rows
    relevance: Scores
    pins: Rows
    behind: Rows

    @classmethod
    def of(cls, pool: RankedLists, items: Rows, pins: Rows, behind: Rows) -> "PricedOrder":
        """Make an order with the relevance of each place.

        Args:
            pool: the method's order (B, P) with its scores.
            items: the same candidates or fewer (B, P), in the order that rules gave them.
            pins: pinned items (B, M).
            behind: items behind all candidates (B, N).

        Returns:
            The order. A score stands for a rank, as in every list that rules change.
        """
        relevance = np.where(items >= 0, _deviations(pool.scores), -np.inf).astype(np.float32)
        return cls(pool.users, items, relevance, pins, behind)

    def widest(self) -> float:
        """Return the largest gap between the best and the worst relevance of a list; 0 of none."""
        is_listed = self.items >= 0
        if not is_listed.any():
            return 0.0
        best = np.where(is_listed, self.relevance, -np.inf).max(axis=1)
        worst = np.where(is_listed, self.relevance, np.inf).min(axis=1)
        return float((best - worst)[is_listed.any(axis=1)].max())

    def pruned(self, rules: Sequence[ExposedItems], size: int) -> "PricedOrder":
        """Drop candidates that no price can bring into the first places.

        Prices keep the order among items of the same groups, so that only the first `size` of each
        combination of groups can be listed.

        Args:
            rules: limits of exposure.
            size: places of a list.

        Returns:
            An order of which prices make the same first places.
        """
        kept = np.zeros(self.items.shape, bool)
        groups = sum((rule.items.astype(np.int64) << bit for bit, rule in enumerate(rules)), 0)
        group_of = np.asarray(groups)[self.items]
        for group in np.unique(group_of):
            is_of_group = (group_of == group) & (self.items >= 0)
            kept |= is_of_group & (np.cumsum(is_of_group, axis=1) <= size)
        order = np.argsort(~kept, axis=1, kind="stable")[:, : kept.sum(axis=1).max(initial=0)]
        kept = np.take_along_axis(kept, order, axis=1)
        return replace(
            self,
            items=np.where(kept, np.take_along_axis(self.items, order, axis=1), -1),
            relevance=np.where(kept, np.take_along_axis(self.relevance, order, axis=1), -np.inf),
        )


def _deviations(scores: Scores) -> Scores:
    """Return scores (B, P), NaN past the end, in standard deviations of each row; 0 where equal."""
    is_scored = np.isfinite(scores)
    counts = np.maximum(is_scored.sum(axis=1), 1)[:, None]
    values = np.where(is_scored, scores, 0.0).astype(np.float64)
    centred = np.where(is_scored, values - values.sum(axis=1)[:, None] / counts, 0.0)
    deviation = np.sqrt(np.square(centred).sum(axis=1)[:, None] / counts)
    scaled = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0)
    return scaled.astype(np.float32)


@dataclass(frozen=True)
class Price:
    """The price of a group, in standard deviations of a user's scores; above 0 its items rise.

    Where many lists turn at one price, as lists of few kinds do, a share jumps there. Some users
    then pay the price on the one side of it, and the others that on the other: both cost least.

    Attributes:
        value: what a part of the users pay.
        other: what the others pay; nearer to 0.
        part: share of the users who pay `value`, by hash.
    """

    value: float = 0.0
    other: float = 0.0
    part: float = 1.0

    def of_users(self, users: Rows) -> Floats:
        """Return what each user (B,) pays."""
        if self.part == 1:
            return np.full(len(users), self.value)
        return np.where(shares(SEED, users) < self.part, self.value, self.other)


@dataclass(frozen=True)
class Prices:
    """Prices of the groups of some limits of exposure.

    Attributes:
        rules: the limits.
        values: price of each group (R,).
    """

    rules: tuple[ExposedItems, ...]
    values: tuple[Price, ...]

    def reranked(self, order: PricedOrder) -> Rows:
        """Sort each user's candidates by relevance and prices; ties keep their order.

        Args:
            order: of B users.

        Returns:
            The same items (B, P) in their new order.
        """
        worth = order.relevance.astype(np.float64)
        for rule, price in zip(self.rules, self.values, strict=True):
            if price != Price():
                paid = price.of_users(order.users)[:, None]
                worth = worth + paid * _members(rule, order.users, order.items)
        places = np.argsort(-worth, axis=1, kind="stable")
        return np.take_along_axis(order.items, places, axis=1)

    def moved(self, users: Rows, before: Rows, after: Rows, size: int) -> Counter[str]:
        """Count by rule the items of its group that prices took into the first places, or out.

        Args:
            users: (B,).
            before: orders (B, P) without prices.
            after: the same with them.
            size: places that count.
        """
        counts: Counter[str] = Counter()
        for rule in self.rules:
            n_before, n_after = (
                _members(rule, users, items[:, :size]).sum(axis=1) for items in (before, after)
            )
            counts[str(rule.rule)] = int(np.abs(n_after - n_before).sum())
        return counts


def _members(rule: ExposedItems, users: Rows, items: Rows) -> NDArray[np.bool_]:
    """Mark the places (B, P) that hold an item of a group, in lists of the rule's users."""
    marks: NDArray[np.bool_] = rule.users[users][:, None] & rule.items[items] & (items >= 0)
    return marks


def group_counts(rule: ExposedItems, users: Rows, lists: Rows) -> NDArray[np.int64]:
    """Count by rank the lists that hold an item there, and those that hold one of the group.

    Counts are whole numbers: their sums do not depend on how users are cut into blocks.

    Args:
        rule: the limit; lists of others than its users do not count.
        users: (B,).
        lists: (B, k), -1 past the end.

    Returns:
        (2, k): of the group, and of all items.
    """
    is_listed = rule.users[users][:, None] & (lists >= 0)
    return np.stack([_members(rule, users, lists).sum(axis=0), is_listed.sum(axis=0)])
