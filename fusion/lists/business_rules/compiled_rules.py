"""Rules by row number: the users and items of one data set that each rule is about."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import TypeVar

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset
from fusion.lists.business_rules.blocked import Blocked
from fusion.lists.business_rules.exposure_limits import ExposedItems
from fusion.lists.business_rules.rules import Boost, Diversity, Limit, Pin, RuleSet
from fusion.models.base.allowed import Allowed
from fusion.models.text.encoder_choice import encoder_identity

NOT_MOVED, BOOSTED, PINNED = 0, 1, 2
"""What put a listed item where it is: the method, a boost upwards, or a pin."""


@dataclass(frozen=True)
class AllowList:
    """An allow list: the only items that its users may be shown.

    Attributes:
        words: the entries of the rules file that it is made of, for people.
        segment: "column=value"; None for everyone.
        users: (U,) whom it is for.
        items: (I,) what they may be shown.
    """

    words: tuple[str, ...]
    segment: str | None
    users: Flags
    items: Flags

    def for_one(self) -> "AllowList":
        """Return the same list for a single user, row 0."""
        return replace(self, users=np.ones(1, bool))


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
        """Mark the places of lists that hold an item of this boost.

        Args:
            users: whose lists they are (B,).
            items: lists (B, P), -1 past the end.

        Returns:
            Flags (B, P).
        """
        is_for_user = self.users[users][:, None]
        is_of_boost = self.items[items] & (items >= 0)
        return is_for_user & is_of_boost


@dataclass(frozen=True)
class LimitedItems:
    """A limit: its users (U,), and which items have the category, or each of a column's (I, K)."""

    rule: Limit
    users: Flags
    values: csr_array


SegmentRule = TypeVar("SegmentRule", PinnedItem, BoostedItems, LimitedItems)


def _of_segments(rules: Sequence[SegmentRule], values: Collection[str]) -> tuple[SegmentRule, ...]:
    """Select the rules for everyone and for some segments, each as if for a single user."""
    one_user = np.ones(1, bool)
    return tuple(
        replace(rule, users=one_user) for rule in rules if rule.rule.segment in (None, *values)
    )


@dataclass(frozen=True)
class Rules:
    """A rule set over the rows of a data set.

    Attributes:
        source: the rules as written.
        blocked: what is blocked as lists are made.
        allow: at most one list a segment.
        pins: by rank, and then as written.
        boosts: as written.
        limits: as written.
        exposure: limits of exposure, as written; of groups that move, as of no moment yet unless
            `exposure_limits` gave them.
        diversity: the rule for diversity; None without.
    """

    source: RuleSet
    blocked: Blocked
    allow: tuple[AllowList, ...] = ()
    pins: tuple[PinnedItem, ...] = ()
    boosts: tuple[BoostedItems, ...] = ()
    limits: tuple[LimitedItems, ...] = ()
    exposure: tuple[ExposedItems, ...] = ()
    diversity: Diversity | None = None

    @classmethod
    def none(cls, data: Dataset) -> "Rules":
        """Make rules that rule nothing.

        Args:
            data: for the number of items.

        Returns:
            Empty rules.
        """
        nothing = Blocked(np.zeros(data.n_items, bool), np.empty(0, np.int64))
        return cls(RuleSet(), nothing)

    @property
    def key(self) -> str:
        """Hex digits over everything that changes lists.

        These are the rule set, what is blocked, the model on this machine that compares texts, and
        the items of limits that the rule set alone does not give.
        """
        blocked = sha256(self.blocked.items.tobytes() + self.blocked.pairs.tobytes()).hexdigest()
        by_text = self.diversity is not None and self.diversity.by == "text"
        model = encoder_identity(self.diversity.encoder) if self.diversity and by_text else ""
        moved = "".join(limit.moment_key for limit in self.exposure)
        return self.source.hash + blocked[:12] + model + moved

    @cached_property
    def empty(self) -> bool:
        """True where lists stay as the method makes them."""
        has_lists = any((self.allow, self.pins, self.boosts, self.limits, self.exposure))
        has_rules = has_lists or self.diversity is not None
        has_blocks = self.blocked.items.any() or len(self.blocked.pairs)
        return not (has_rules or has_blocks)

    def user_groups(self, users: Rows, allowed: Allowed) -> Iterator[tuple[Rows, Allowed]]:
        """Cut users into groups that may be shown the same items.

        Args:
            users: rows (n,).
            allowed: what everyone may be shown.

        Yields:
            Users of a group, and what the allow lists leave them of `allowed`.
        """
        if not self.allow:
            yield users, allowed
            return
        # Users under the same allow lists are scored together: one group a combination of lists.
        members = np.column_stack([allow_list.users[users] for allow_list in self.allow])
        groups, group_of = np.unique(members, axis=0, return_inverse=True)
        for index, lists_that_apply in enumerate(groups):
            items = allowed.items.copy()
            for allow_list, applies in zip(self.allow, lists_that_apply, strict=True):
                items &= allow_list.items | ~applies
            yield users[group_of == index], Allowed(items, allowed.seen)

    def open_items(self) -> Flags:
        """Mark the items (I,) that rules and blocks leave to at least one user."""
        unblocked = Allowed(~self.blocked.items)
        users = np.arange(len(self.allow[0].users) if self.allow else 0, dtype=np.int32)
        left = [allowed.items for _, allowed in self.user_groups(users, unblocked)]
        open_to_any: Flags = np.logical_or.reduce(left)
        return open_to_any

    def marks(self, users: Rows, items: Rows) -> Rows:
        """Tell what put each listed item where it is.

        Args:
            users: whose lists they are (B,).
            items: lists (B, size), -1 past the end.

        Returns:
            (B, size) PINNED, BOOSTED (upwards) or NOT_MOVED; a pin goes before a boost.
        """
        # Pins come last, since a pinned item stands at its rank whatever a boost does.
        marks = np.full(items.shape, NOT_MOVED, np.int32)
        for boost in self.boosts:
            if boost.rule.places > 0:
                marks[boost.named(users, items)] = BOOSTED
        for pin in self.pins:
            is_pinned = (items == pin.item) & pin.users[users][:, None]
            marks[is_pinned] = PINNED
        return marks

    def outside(self, users: Rows, items: Rows) -> Flags:
        """Mark the pairs of user and item that an allow list leaves out.

        Args:
            users: rows (n,).
            items: rows (n,).

        Returns:
            Flags (n,).
        """
        left_out = np.zeros(len(users), bool)
        for allow_list in self.allow:
            left_out |= allow_list.users[users] & ~allow_list.items[items]
        return left_out

    def of_segments(self, values: Collection[str]) -> "Rules":
        """Select the rules for the fallback list of users who are in some segments.

        Args:
            values: each "column=value"; none for everyone's list.

        Returns:
            The rules for everyone and for these segments, each as if for a single user, row 0; what
            is blocked for users of the data has no part in it, and neither have limits of exposure,
            which are over the lists of many.
        """
        allow = [entry for entry in self.allow if entry.segment in (None, *values)]
        no_pairs = np.empty(0, np.int64)
        rules = Rules(self.source, Blocked(self.blocked.items, no_pairs), diversity=self.diversity)
        return replace(
            rules,
            allow=tuple(entry.for_one() for entry in allow),
            pins=_of_segments(self.pins, values),
            boosts=_of_segments(self.boosts, values),
            limits=_of_segments(self.limits, values),
        )
