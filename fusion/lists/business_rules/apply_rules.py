"""Business rules applied: the method's order of all candidates in, the rows to publish out."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.data.histories import UserHistories
from fusion.data.ranked_lists import RankedLists
from fusion.lists.business_rules.category_caps import apply_category_caps, build_category_caps
from fusion.lists.business_rules.compiled_rules import PinnedItem, Rules
from fusion.lists.business_rules.list_scores import scores_by_rank
from fusion.lists.business_rules.mmr import ItemSimilarity, rerank_mmr
from fusion.lists.exposure.prices import PricedOrder, Prices
from fusion.models.base.allowed import Allowed

N_POPULAR = 500
"""Popular items that stand behind the candidates, for limits and pins to choose from."""


@dataclass(frozen=True)
class RuleApplier:
    """Applies rules to blocks of users.

    Blocked items leave, boosts move what is left, diversity chooses, prices keep shares of
    exposure, limits hold back, and pins take their places. Users of a block may be numbered
    otherwise than in the data, as long as the rules are numbered alike.

    Attributes:
        rules: what to apply.
        allowed: what these users may be shown.
        popular: listable items, most popular first.
        size: rows of a list.
        shown: rows of it without the reserve.
        similarity: of items, where there is a rule for diversity.
        prices: of item groups whose exposure is limited; None leaves the order as it is.
        moved: rows by rule, counted up with every block.
    """

    rules: Rules
    allowed: Allowed
    popular: Rows
    size: int
    shown: int
    similarity: ItemSimilarity | None = None
    prices: Prices | None = None
    moved: Counter[str] = field(default_factory=Counter)

    def apply(self, pool: RankedLists, users: UserHistories) -> RankedLists:
        """Make final lists of the method's order.

        Args:
            pool: all candidates in order (B, P), -1 past the end.
            users: histories of the same users.

        Returns:
            Lists (B, size). Scores fall as before: those of the listed items, handed out by rank.
        """
        listed = self.listed(self.ordered(pool, users), self.prices)
        self._count_allowed(listed, pool.users)
        return RankedLists(pool.users, listed, scores_by_rank(listed, pool))

    def ordered(self, pool: RankedLists, users: UserHistories) -> PricedOrder:
        """Order candidates by every rule that looks at one user alone, up to limits and pins.

        Args:
            pool: all candidates in order (B, P), -1 past the end.
            users: histories of the same users.

        Returns:
            The order that prices may change, the users' pins, and what stands behind all of it.
        """
        items = self._unblocked(pool.items, pool.users)
        pins = self._pins(users, pool.users)
        items = self._boosted(_without(items, pins), pool.users)
        items = self._diversified(items)
        behind = self._popular_behind(items, users, pins, pool.users)
        return PricedOrder.of(pool, items, pins, behind)

    def listed(self, order: PricedOrder, prices: Prices | None) -> Rows:
        """Make lists of an order: prices first, then limits and pins, which hold whatever they are.

        Args:
            order: of B users.
            prices: of item groups; None leaves the order as it is.

        Returns:
            Lists (B, size), -1 past the end.
        """
        items = order.items
        if prices is not None:
            items = prices.reranked(order)
            self.moved.update(prices.moved(order.users, order.items, items, self.size))
        if order.behind.shape[1]:
            items = pack_left(np.concatenate([items, order.behind], axis=1))
        items = self._limited(items, order.pins, order.users)
        return self._pinned(items, order.pins)

    def _unblocked(self, items: Rows, users: Rows) -> Rows:
        """Take blocked items out of lists (B, P)."""
        blocked = self.rules.blocked.hits(_repeat_columns(users, items.shape[1]), items)
        if not blocked.any():
            return items
        self.moved["blocked"] += int(blocked[:, : self.size].sum())
        return pack_left(np.where(blocked, -1, items))

    def _pins(self, histories: UserHistories, users: Rows) -> Rows:
        """Return each user's pinned items (B, M), -1 where one may not be shown to them."""
        pins = np.full((len(users), len(self.rules.pins)), -1, np.int32)
        for index, pin in enumerate(self.rules.pins):
            # An item that an earlier pin has placed already does not stand twice.
            is_pinned = (pins == pin.item).any(axis=1)
            shown = self._may_pin(pin, histories, users) & ~is_pinned
            pins[shown, index] = pin.item
            self.moved[str(pin.rule)] += int(shown.sum())
        return pins

    def _may_pin(self, pin: PinnedItem, histories: UserHistories, users: Rows) -> Flags:
        item = np.full(len(users), pin.item, np.int32)
        is_blocked = self.rules.blocked.hits(users, item)
        may_pin = pin.users[users] & self.allowed.items[item] & ~is_blocked
        if self.allowed.seen:
            return may_pin
        n_seen = histories.seen[:, [pin.item]].toarray()[:, 0]
        return may_pin & (n_seen == 0)

    def _boosted(self, items: Rows, users: Rows) -> Rows:
        """Move what boosts name by their places.

        An item that comes where another stands goes before it if it rose, and behind it if it fell.
        """
        boosts = self.rules.boosts
        if not boosts:
            return items
        # An item of several boosts moves by the sum of their places.
        named = [boost.named(users, items) for boost in boosts]
        shift = np.zeros(items.shape, np.int64)
        for boost, is_named in zip(boosts, named, strict=True):
            shift += boost.rule.places * is_named
        place = np.broadcast_to(np.arange(items.shape[1]), items.shape)
        # Empty places sort behind everything; `lexsort` reads its keys from the last to the first.
        target = np.where(items >= 0, place - shift, np.iinfo(np.int64).max)
        order = np.lexsort((place, -shift, target), axis=1)
        for boost, is_named in zip(boosts, named, strict=True):
            moved = np.take_along_axis(is_named, order, axis=1) & (order != place)
            self.moved[str(boost.rule)] += int(moved[:, : self.size].sum())
        return np.take_along_axis(items, order, axis=1)

    def _diversified(self, items: Rows) -> Rows:
        diversity = self.rules.diversity
        if diversity is None or self.similarity is None:
            return items
        reranked = rerank_mmr(items, self.similarity, diversity, self.size)
        self.moved[str(diversity)] += int((reranked != items)[:, : self.size].sum())
        return reranked

    def _popular_behind(
        self, items: Rows, histories: UserHistories, pins: Rows, users: Rows
    ) -> Rows:
        """Return popular items that stand behind the candidates, where a limit or a pin needs them.

        They are (B, at most N_POPULAR), -1 for those that the list has, or must not have.
        """
        popular = self.popular[:N_POPULAR]
        if not (self.rules.limits or self.rules.pins) or not len(popular):
            return np.empty((len(items), 0), np.int32)
        behind = np.repeat(popular[None], len(items), axis=0)
        # One number for each pair of list and item, so that one look-up serves all lists.
        first_keys = np.arange(len(items), dtype=np.int64)[:, None] * histories.n_items
        is_listed = np.isin(first_keys + behind, (first_keys + items)[items >= 0])
        refused = is_listed | self.rules.blocked.hits(_repeat_columns(users, len(popular)), behind)
        # A pinned item is added by its pin alone, or it would stand in the list twice.
        for column in pins.T:
            refused |= behind == column[:, None]
        if not self.allowed.seen:
            refused |= histories.seen[:, popular].toarray() > 0
        return np.where(refused, -1, behind).astype(np.int32)

    def _limited(self, items: Rows, pins: Rows, users: Rows) -> Rows:
        """Keep the best of each list within limits (B, size); pins take up room in them."""
        limits = self.rules.limits
        if not limits:
            return items
        caps = build_category_caps(limits, users, items, pins, self.shown)
        capped = apply_category_caps(items, caps, self.size)
        for limit, count in capped.deferred.items():
            self.moved[str(limits[limit].rule)] += count
        for limit, count in capped.exceeded.items():
            self.moved[f"{limits[limit].rule} gave way"] += count
        return capped.items

    def _pinned(self, items: Rows, pins: Rows) -> Rows:
        """Merge lists (B, P) and pins (B, M) into lists (B, size).

        A pin stands at its rank, at the next free one, or behind the last item of a short list.
        """
        n_lists = len(items)
        none = np.full((n_lists, 1), -1, np.int32)
        # Pins are ordered by rank; a user's own are moved to the front, and a -1 ends them.
        order = np.argsort(pins < 0, axis=1, kind="stable")
        waiting_pins = np.hstack([np.take_along_axis(pins, order, axis=1), none])
        ranks = np.array([*(pin.rule.rank for pin in self.rules.pins), 0])
        pin_ranks = ranks[np.hstack([order, none])]
        # Padded, so that a list that ran out goes on with -1 instead of past its end.
        rest = np.hstack([items, np.repeat(none, self.size, axis=1)])
        listed = np.full((n_lists, self.size), -1, np.int32)
        next_pin, next_item = np.zeros(n_lists, np.int64), np.zeros(n_lists, np.int64)
        rows = np.arange(n_lists)
        for place in range(self.size):
            pin, item = waiting_pins[rows, next_pin], rest[rows, next_item]
            is_due = pin_ranks[rows, next_pin] <= place + 1
            takes_pin = (pin >= 0) & (is_due | (item < 0))
            listed[:, place] = np.where(takes_pin, pin, item)
            next_pin += takes_pin
            next_item += ~takes_pin
        return listed

    def _count_allowed(self, listed: Rows, users: Rows) -> None:
        """Count the rows of users that an allow list is for."""
        lengths = (listed >= 0).sum(axis=1)
        for allow_list in self.rules.allow:
            n_rows = int(lengths[allow_list.users[users]].sum())
            for words in allow_list.words:
                self.moved[words] += n_rows


def _repeat_columns(users: Rows, width: int) -> Rows:
    """Repeat users (B,) as columns (B, width)."""
    return np.repeat(users[:, None], width, axis=1)


def pack_left(items: Rows) -> Rows:
    """Move the empty places of each list to its end.

    Args:
        items: lists (B, P), -1 in empty places.

    Returns:
        The same items in their order, -1 behind them.
    """
    return np.take_along_axis(items, np.argsort(items < 0, axis=1, kind="stable"), axis=1)


def _without(items: Rows, pins: Rows) -> Rows:
    """Take each list's own pins (B, M) out of it (B, P)."""
    is_pinned = np.zeros(items.shape, bool)
    for column in pins.T:
        is_pinned |= (items == column[:, None]) & (column >= 0)[:, None]
    return pack_left(np.where(is_pinned, -1, items)) if is_pinned.any() else items
