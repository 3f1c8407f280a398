"""Find the smallest prices that keep shares of exposure, by bisection on finished lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows
from fusion.lists.business_rules.exposure_limits import ExposedItems
from fusion.lists.exposure.defaults import DEFAULTS
from fusion.lists.exposure.prices import Price, Prices, group_counts


@dataclass(frozen=True)
class ListedBlock:
    """Users whose lists can be made again at any prices.

    Attributes:
        users: (B,).
        listed: makes their lists (B, at least k) of prices.
        widest: gap between the best and the worst relevance of any list.
    """

    users: Rows
    listed: Callable[[Prices], Rows]
    widest: float


@dataclass(frozen=True)
class FittedPrices:
    """Prices, and the shares that they give and that there were without any.

    Attributes:
        prices: of every limit.
        before: share (R,) of each group at no price.
        after: share (R,) at these prices.
    """

    prices: Prices
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass
class _Search:
    """A search over the lists of some users.

    Attributes:
        rules: limits of exposure.
        blocks: the users.
        samples: (U,) for each rule, of whose users the share is measured.
        k: places of a list that are shown.
    """

    rules: tuple[ExposedItems, ...]
    blocks: Sequence[ListedBlock]
    samples: Sequence[NDArray[np.bool_]]
    k: int

    def shares(self, values: Sequence[Price]) -> list[float]:
        """Return the share of exposure of each group at some prices."""
        prices = Prices(self.rules, tuple(values))
        counts = np.zeros((len(self.rules), 2, self.k), np.int64)
        for block in self.blocks:
            lists = block.listed(prices)[:, : self.k]
            for index, (rule, sample) in enumerate(zip(self.rules, self.samples, strict=True)):
                chosen = sample[block.users]
                counts[index, :, : lists.shape[1]] += group_counts(
                    rule, block.users[chosen], lists[chosen]
                )
        return [share_of(rule, one) for rule, one in zip(self.rules, counts, strict=True)]

    def price(self, index: int, values: Sequence[Price]) -> Price:
        """Return the smallest price of one group that keeps its share, with the others' as given.

        The largest price, at which all of the group stands before or behind everything else, is
        returned where even that does not keep it.
        """
        rule = self.rules[index].rule

        def _share(price: Price) -> float:
            tried = [*values]
            tried[index] = price
            return self.shares(tried)[index]

        free = _share(Price())
        if rule.least <= free <= rule.most:
            return Price()
        sign = 1.0 if free < rule.least else -1.0

        def _is_enough(price: Price) -> bool:
            share = _share(price)
            return share >= rule.least if sign > 0 else share <= rule.most

        # A share rises with the price of its group: the dual of a linear program is convex.
        largest = sign * self._largest()
        if not _is_enough(Price(largest)):
            return Price(largest)
        other, value = _halved(0.0, largest, DEFAULTS.halvings, lambda at: _is_enough(Price(at)))
        _, part = _halved(
            0.0, 1.0, DEFAULTS.part_halvings, lambda at: _is_enough(Price(value, other, at))
        )
        return Price(value, other, part)

    def _largest(self) -> float:
        """Return a price above any gap between two candidates, prices of others included."""
        widest = max((block.widest for block in self.blocks), default=0.0)
        return (widest + 1.0) * len(self.rules)


def _halved(
    too_small: float, enough: float, times: int, is_enough: Callable[[float], bool]
) -> tuple[float, float]:
    """Halve the gap between what is too small and what is enough, and return both."""
    for _ in range(times):
        middle = (too_small + enough) / 2
        if is_enough(middle):
            enough = middle
        else:
            too_small = middle
    return too_small, enough


def fit_prices(
    rules: Sequence[ExposedItems],
    blocks: Sequence[ListedBlock],
    samples: Sequence[NDArray[np.bool_]],
    k: int,
) -> FittedPrices:
    """Find prices that keep every share within its limits, each as near to 0 as that allows.

    One price after the other is found with the others as they are (coordinate ascent on the dual),
    until all shares hold.

    Args:
        rules: limits of exposure, R.
        blocks: users whose lists prices are found on.
        samples: (U,) for each rule, the users of whom its share is measured.
        k: places of a list that are shown.

    Returns:
        Prices and shares. Where no prices keep a share, it is as near as one group before or behind
        everything else brings it.
    """
    search = _Search(tuple(rules), blocks, samples, k)
    values = [Price()] * len(rules)
    before = after = search.shares(values)
    for _ in range(DEFAULTS.rounds):
        if all(keeps(rule, share) for rule, share in zip(rules, after, strict=True)):
            break
        for index in range(len(rules)):
            values[index] = search.price(index, values)
        after = search.shares(values)
        # Of a single group there is no other price that could change the answer.
        if len(rules) == 1:
            break
    return FittedPrices(Prices(tuple(rules), tuple(values)), tuple(before), tuple(after))


def keeps(rule: ExposedItems, share: float, tolerance: float = 0.0) -> bool:
    """Say whether a share of exposure is within the limits of a rule.

    Args:
        rule: with `least` and `most`.
        share: of the group.
        tolerance: by which it may be off.
    """
    return rule.rule.least - tolerance <= share <= rule.rule.most + tolerance


def share_of(rule: ExposedItems, counts: NDArray[np.int64]) -> float:
    """Return the share of a group, as its limit counts places.

    Args:
        rule: the limit.
        counts: by rank (2, k), of the group and of all items, as `group_counts` gives them.

    Returns:
        0 where nothing is listed.
    """
    group, everything = counts @ rule.weights(counts.shape[1])
    return float(group / everything) if everything else 0.0
