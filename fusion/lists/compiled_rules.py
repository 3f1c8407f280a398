"""Rules by row number: whom and what each of them names in this data, and what it names that is not there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
import polars as pl
from scipy.sparse import csr_array, hstack

from fusion.core.arrays import Flags, Offsets, Rows, contains, offsets
from fusion.data.dataset import Dataset
from fusion.lists.rules import Boost, Diversity, Limit, Pin, RuleSet
from fusion.models.base.recommender import Allowed
from fusion.models.text.encoders import encoder_identity

NO_BLOCKS = pl.DataFrame(schema={"item_id": pl.String, "user_id": pl.String})
"""Nothing is blocked."""


@dataclass(frozen=True)
class Blocked:
    """What is blocked as lists are made: items for everyone (I,) bool, and pairs as user * I + item, ascending."""

    items: Flags
    pairs: Offsets

    @classmethod
    def of(cls, data: Dataset, rows: pl.DataFrame) -> "Blocked":
        """From `item_id` and `user_id` (null: for everyone); ids that the data does not have block nothing there."""
        items, everyone = data.item_ids.rows(rows["item_id"]), rows["user_id"].is_null().to_numpy()
        users = data.user_ids.rows(rows["user_id"])
        flags = np.zeros(data.n_items, bool)
        flags[items[everyone & (items >= 0)]] = True
        pairs = (items >= 0) & (users >= 0) & ~everyone
        return cls(flags, np.unique(users[pairs].astype(np.int64) * data.n_items + items[pairs]))

    def hits(self, users: Rows, items: Rows) -> Flags:
        """Which of the pairs of `users` and `items`, of one shape, are blocked; an item -1 is not."""
        found = self.items[items]
        if len(self.pairs):
            found |= contains(self.pairs, users.astype(np.int64) * len(self.items) + items)
        return found & (items >= 0)

    def of_users(self, users: Rows) -> csr_array:
        """Users x items (B, I) of ones where a pair of theirs is blocked."""
        mine = [self.of_user(int(user)) for user in users]
        borders = offsets(np.array([len(items) for items in mine], np.int64))
        ones = np.ones(borders[-1], np.float32)
        items = np.concatenate([np.empty(0, np.int32), *mine])
        return csr_array((ones, items, borders), shape=(len(users), len(self.items)))

    def of_user(self, user: int) -> Rows:
        """Items blocked for one user alone."""
        span = np.searchsorted(self.pairs, np.array([user, user + 1], np.int64) * len(self.items))
        return (self.pairs[slice(*span)] % len(self.items)).astype(np.int32)


@dataclass(frozen=True)
class AllowList:
    """Items (I,) that users (U,) of one segment may be shown; `words` name the entries."""

    words: tuple[str, ...]
    segment: str | None
    users: Flags
    items: Flags


@dataclass(frozen=True)
class PinnedItem:
    """A pin: its users (U,) and item row."""

    rule: Pin
    users: Flags
    item: int


@dataclass(frozen=True)
class BoostedItems:
    """A boost: its users (U,) and items (I,)."""

    rule: Boost
    users: Flags
    items: Flags

    def named(self, users: Rows, items: Rows) -> Flags:
        """Where in the rows (B, P) of `users` (B,) something stands that it is about."""
        return self.users[users][:, None] & self.items[items] & (items >= 0)


@dataclass(frozen=True)
class LimitedItems:
    """A limit: its users (U,), and which items have the category or each of a column's categories (I, K)."""

    rule: Limit
    users: Flags
    values: csr_array


@dataclass(frozen=True)
class Rules:
    """A rule set over a dataset's rows. Pins come by rank and then as written."""

    source: RuleSet
    blocked: Blocked
    allow: tuple[AllowList, ...] = ()
    pins: tuple[PinnedItem, ...] = ()
    boosts: tuple[BoostedItems, ...] = ()
    limits: tuple[LimitedItems, ...] = ()
    diversity: Diversity | None = None

    @classmethod
    def none(cls, data: Dataset) -> "Rules":
        """No rule at all."""
        return cls(RuleSet(), Blocked(np.zeros(data.n_items, bool), np.empty(0, np.int64)))

    @property
    def key(self) -> str:
        """Hex digits over the rule set, what is blocked, and the model that tells likeness of texts here."""
        blocked = sha256(self.blocked.items.tobytes() + self.blocked.pairs.tobytes()).hexdigest()
        model = (
            encoder_identity(self.diversity.encoder)
            if self.diversity and self.diversity.by == "text"
            else ""
        )
        return self.source.hash + blocked[:12] + model

    @cached_property
    def empty(self) -> bool:
        """Whether lists stay as the method makes them."""
        rules = (*self.allow, *self.pins, *self.boosts, *self.limits)
        return not (rules or self.diversity or self.blocked.items.any() or len(self.blocked.pairs))

    def user_groups(self, users: Rows, allowed: Allowed) -> Iterator[tuple[Rows, Allowed]]:
        """Cut `users` (n,) by what their allow lists leave of `allowed`."""
        if not self.allow:
            yield users, allowed
            return
        kinds, which = np.unique(
            np.column_stack([one.users[users] for one in self.allow]), axis=0, return_inverse=True
        )
        for at, kind in enumerate(kinds):
            items = allowed.items.copy()
            for one, mine in zip(self.allow, kind, strict=True):
                items &= one.items | ~mine
            yield users[which == at], Allowed(items, allowed.seen)

    def marks(self, users: Rows, items: Rows) -> Rows:
        """What put each row (B, size) where it is: 2 a pin, 1 a boost upwards, 0 neither."""
        found = np.zeros(items.shape, np.int32)
        for boost in self.boosts:
            if boost.rule.places > 0:
                found[boost.named(users, items)] = 1
        for pin in self.pins:
            found[(items == pin.item) & pin.users[users][:, None]] = 2
        return found

    def outside(self, users: Rows, items: Rows) -> Flags:
        """Which pairs (n,) an allow list leaves out."""
        found = np.zeros(len(users), bool)
        for one in self.allow:
            found |= one.users[users] & ~one.items[items]
        return found

    def of_segment(self, segment: str) -> "Rules":
        """The rules for a fallback list: those for everyone and for its segment, each as if for one user."""
        one, none = np.ones(1, bool), np.empty(0, np.int64)

        def mine(rules: Sequence[PinnedItem | BoostedItems | LimitedItems]) -> tuple:  # type: ignore[type-arg]
            return tuple(
                replace(rule, users=one) for rule in rules if rule.rule.segment in (None, segment)
            )

        return replace(
            self,
            blocked=Blocked(self.blocked.items, none),
            allow=tuple(replace(a, users=one) for a in self.allow if a.segment in (None, segment)),
            pins=mine(self.pins),
            boosts=mine(self.boosts),
            limits=mine(self.limits),
        )


def stacked(limits: Sequence[LimitedItems]) -> csr_array:
    """Values (I, sum of K) of all limits side by side."""
    return csr_array(hstack([limit.values for limit in limits]))
