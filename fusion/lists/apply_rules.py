"""Rules at work: the method's order of all candidates in, the rows to publish out."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.histories import UserHistories
from fusion.data.ranked_lists import RankedLists, descend
from fusion.lists.category_caps import apply_category_caps, build_category_caps
from fusion.lists.compiled_rules import PinnedItem, Rules
from fusion.lists.mmr import ItemSimilarity, rerank_mmr
from fusion.models.base.recommender import Allowed

SPARE = 500
"""Popular items that stand behind the candidates, for limits and pins to choose from."""


@dataclass(frozen=True)
class RuleApplier:
    """Applies `rules` to blocks of users whose lists take `size` rows, `shown` of them without the reserve.

    Order: blocked items leave, boosts move what is left, diversity chooses, limits hold back, pins
    take their places. `spare`: listable items, most popular first. `moved` counts rows by rule;
    `users` of a block may be numbered otherwise than in the data, as long as the rules agree.
    """

    rules: Rules
    allowed: Allowed
    spare: Rows
    size: int
    shown: int
    similarity: ItemSimilarity | None = None
    moved: Counter[str] = field(default_factory=Counter)

    def __call__(self, pool: RankedLists, users: UserHistories) -> RankedLists:
        """Lists (B, size) from whole orders (B, P); scores fall as before, handed out again by rank."""
        who = pool.users
        items = self._unblocked(pool.items, who)
        pins = self._pins(users, who)
        items = self._diverse(self._boosted(_without(items, pins), who))
        kept = self._limited(self._behind(items, users, pins, who), pins, who)
        listed = self._pinned(kept, pins)
        self._count_allowed(listed, who)
        return RankedLists(who, listed, _scores(listed, pool))

    def _unblocked(self, items: Rows, who: Rows) -> Rows:
        gone = self.rules.blocked.hits(np.repeat(who[:, None], items.shape[1], axis=1), items)
        if not gone.any():
            return items
        self.moved["blocked"] += int(gone[:, : self.size].sum())
        return pack_left(np.where(gone, -1, items))

    def _pins(self, users: UserHistories, who: Rows) -> Rows:
        """Each user's pinned items (B, M), -1 where one may not be shown."""
        pins = np.full((len(who), len(self.rules.pins)), -1, np.int32)
        for at, pin in enumerate(self.rules.pins):
            shown = self._may_pin(pin, users, who) & ~(pins == pin.item).any(axis=1)
            pins[shown, at] = pin.item
            self.moved[str(pin.rule)] += int(shown.sum())
        return pins

    def _may_pin(self, pin: PinnedItem, users: UserHistories, who: Rows) -> Flags:
        item = np.full(len(who), pin.item, np.int32)
        may = pin.users[who] & self.allowed.items[item] & ~self.rules.blocked.hits(who, item)
        return may if self.allowed.seen else may & (users.seen[:, [pin.item]].toarray()[:, 0] == 0)

    def _behind(self, items: Rows, users: UserHistories, pins: Rows, who: Rows) -> Rows:
        """Put what is popular behind the candidates, where a limit or a pin may need it."""
        more = self.spare[:SPARE]
        if not (self.rules.limits or self.rules.pins) or not len(more):
            return items
        behind = np.repeat(more[None], len(items), axis=0)
        n_items = users.n_items
        rows = np.arange(len(items), dtype=np.int64)[:, None] * n_items
        used = np.isin(rows + behind, (rows + items)[items >= 0]) | self.rules.blocked.hits(
            np.repeat(who[:, None], len(more), axis=1), behind
        )
        for column in pins.T:
            used |= behind == column[:, None]
        if not self.allowed.seen:
            used |= users.seen[:, more].toarray() > 0
        return pack_left(np.concatenate([items, np.where(used, -1, behind)], axis=1))

    def _boosted(self, items: Rows, who: Rows) -> Rows:
        """Move what boosts name by their places; an item that comes where another stands goes before it if it rose."""
        if not self.rules.boosts:
            return items
        named = [boost.named(who, items) for boost in self.rules.boosts]
        shift = np.sum(
            [
                boost.rule.places * here
                for boost, here in zip(self.rules.boosts, named, strict=True)
            ],
            axis=0,
        )
        place = np.broadcast_to(np.arange(items.shape[1]), items.shape)
        aim = np.where(items >= 0, place - shift, np.iinfo(np.int64).max)
        order = np.lexsort((place, -shift, aim), axis=1)
        for boost, here in zip(self.rules.boosts, named, strict=True):
            moved = np.take_along_axis(here, order, axis=1) & (order != place)
            self.moved[str(boost.rule)] += int(moved[:, : self.size].sum())
        return np.take_along_axis(items, order, axis=1)

    def _diverse(self, items: Rows) -> Rows:
        if self.rules.diversity is None or self.similarity is None:
            return items
        found = rerank_mmr(items, self.similarity, self.rules.diversity, self.size)
        self.moved[str(self.rules.diversity)] += int((found != items)[:, : self.size].sum())
        return found

    def _limited(self, items: Rows, pins: Rows, who: Rows) -> Rows:
        """The best of each list, within limits; as many as stay beside the pins."""
        limits = self.rules.limits
        if not limits:
            return items
        kept = apply_category_caps(
            items, build_category_caps(limits, who, items, pins, self.shown), self.size
        )
        for limit, count in kept.held.items():
            self.moved[str(limits[limit].rule)] += count
        for limit, count in kept.beyond.items():
            self.moved[f"{limits[limit].rule} gave way"] += count
        return kept.items

    def _pinned(self, items: Rows, pins: Rows) -> Rows:
        """Rows (B, size) with the pins at their ranks, or at the next free one, or behind the last item."""
        none = np.full((len(items), 1), -1, np.int32)
        order = np.argsort(pins < 0, axis=1, kind="stable")  # a user's own pins come first, by rank
        waiting = np.hstack([np.take_along_axis(pins, order, axis=1), none])
        ranks = np.array([*(pin.rule.rank for pin in self.rules.pins), 0])
        wanted = ranks[np.hstack([order, none])]
        rest = np.hstack([items, np.repeat(none, self.size, axis=1)])
        listed = np.full((len(items), self.size), -1, np.int32)
        pinned, taken = np.zeros(len(items), np.int64), np.zeros(len(items), np.int64)
        rows = np.arange(len(items))
        for place in range(self.size):
            pin, other = waiting[rows, pinned], rest[rows, taken]
            now = (pin >= 0) & ((wanted[rows, pinned] <= place + 1) | (other < 0))
            listed[:, place] = np.where(now, pin, other)
            pinned += now
            taken += ~now
        return listed

    def _count_allowed(self, listed: Rows, who: Rows) -> None:
        rows = (listed >= 0).sum(axis=1)
        for one in self.rules.allow:
            for words in one.words:
                self.moved[words] += int(rows[one.users[who]].sum())


def pack_left(items: Rows) -> Rows:
    """Each row of `items` (B, P) with its -1 behind the rest."""
    return np.take_along_axis(items, np.argsort(items < 0, axis=1, kind="stable"), axis=1)


def _without(items: Rows, pins: Rows) -> Rows:
    """Rows without their own pins."""
    gone = np.zeros(items.shape, bool)
    for column in pins.T:
        gone |= (items == column[:, None]) & (column >= 0)[:, None]
    return pack_left(np.where(gone, -1, items)) if gone.any() else items


def _scores(listed: Rows, pool: RankedLists) -> Scores:
    """Scores (B, size) for rows in a new order: those the listed items had, best first, falling on below them."""
    n_items = np.int64(max(listed.max(initial=0), pool.items.max(initial=0)) + 1)
    rows = np.arange(len(listed), dtype=np.int64)[:, None] * n_items
    keys = (rows + pool.items)[pool.items >= 0]
    order = np.argsort(keys)
    keys, values = keys[order], pool.scores[pool.items >= 0][order]
    wanted = rows + listed
    at = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
    known = (listed >= 0) & (keys[at] == wanted) if len(keys) else np.zeros(listed.shape, bool)
    found = np.where(known, values[at] if len(keys) else 0, np.nan).astype(np.float32)
    return descend(listed, -np.sort(-found, axis=1))
