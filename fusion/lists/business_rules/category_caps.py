"""Category caps: limits on how many items of a category one list may hold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, hstack

from fusion.core.arrays import Flags, Rows
from fusion.lists.business_rules.compiled_rules import LimitedItems

UNLIMITED = np.iinfo(np.int32).max
"""Room for a category that no limit binds for a user."""


@dataclass(frozen=True)
class CategoryCaps:
    """Room that limits leave in the lists of B users for items of K categories.

    Attributes:
        items: (n,) the distinct items that may be listed, ascending.
        has_category: (n, K) which categories each of them has.
        room: (B, K) int32, how many items of a category each list may still hold; UNLIMITED where
            no limit is for the user.
        limits: (K,) the limit of each category, an index into the limits; one limit has many
            categories where it is about a whole column.
    """

    items: Rows
    has_category: Flags
    room: Rows
    limits: Rows

    def categories_of(self, items: Rows) -> Flags:
        """Look up the categories of some items.

        Args:
            items: rows (m,), each among `items`.

        Returns:
            Flags (m, K).
        """
        return self.has_category[np.searchsorted(self.items, items)]


def build_category_caps(
    limits: Sequence[LimitedItems], users: Rows, pool: Rows, pins: Rows, size: int
) -> CategoryCaps:
    """Compute the room that limits leave beside each user's pins.

    Categories that no list could fill past their limit drop out: few of a column's categories ever
    bind, and what is left of them fits a dense matrix.

    Args:
        limits: all limits.
        users: whose lists they are (B,).
        pool: the items to choose from (B, P), -1 past the end.
        pins: pinned items (B, M), -1 where there is none; they take up room first.
        size: items that a list shows, of which a limit is a share.

    Returns:
        The caps.
    """
    item_categories = csr_array(hstack([limit.values for limit in limits]))
    n_categories = [limit.values.shape[1] for limit in limits]
    limit_of = np.repeat(np.arange(len(limits)), n_categories).astype(np.int32)
    max_items = np.array([limit.rule.most(size) for limit in limits], np.int32)

    everything = np.concatenate([pool, pins], axis=1)
    most_in_a_list = _most_in_a_list(everything, item_categories)
    binding = np.flatnonzero(most_in_a_list > max_items[limit_of])
    item_categories, limit_of = item_categories[:, binding], limit_of[binding]

    is_limited = np.column_stack([limit.users[users] for limit in limits])
    # Users outside a limit's segment have room without end in its categories.
    room = np.where(is_limited[:, limit_of], max_items[limit_of], UNLIMITED).astype(np.int32)
    items = np.unique(everything[everything >= 0])
    caps = CategoryCaps(items, item_categories[items].toarray() > 0, room, limit_of)
    for column in pins.T:
        pinned = column >= 0
        room[pinned] -= caps.categories_of(column[pinned])
    return caps


def _most_in_a_list(lists: Rows, item_categories: csr_array) -> Rows:
    """Count the items (K,) of each category in the list (B, P) that has most of it."""
    owners, places = np.nonzero(lists >= 0)
    ones = np.ones(len(owners), np.float32)
    shape = (len(lists), item_categories.shape[0])
    list_items = csr_array((ones, (owners, lists[owners, places])), shape=shape)
    counts = list_items @ item_categories
    most: Rows = counts.max(axis=0).toarray().ravel()
    return most


@dataclass(frozen=True)
class CappedLists:
    """Lists within limits, and what that took.

    Attributes:
        items: (B, size), -1 where there is no more.
        deferred: by limit, how many items among the first `size` of the pool it held back.
        exceeded: by limit, how many items stand in lists above it, since nothing else was left to
            make them whole.
    """

    items: Rows
    deferred: Counter[int]
    exceeded: Counter[int]


def apply_category_caps(pool: Rows, caps: CategoryCaps, size: int) -> CappedLists:
    """Keep the first items of each list that the caps leave room for.

    Where the pool has too few of them, lists go on with what a limit held back: a list is whole
    before it is limited.

    Args:
        pool: items (B, P) in order, -1 past the end.
        caps: room by user and category.
        size: items to keep.

    Returns:
        The lists, with counts by limit.
    """
    kept = np.full((len(pool), size), -1, np.int32)
    lengths = np.zeros(len(pool), np.int32)
    is_kept = np.zeros(pool.shape, bool)
    deferred: Counter[int] = Counter()
    room = caps.room.copy()
    # One place of all pools at a time: whether an item fits depends on those before it.
    for place in range(pool.shape[1]):
        rows = np.flatnonzero((lengths < size) & (pool[:, place] >= 0))
        if not len(rows):
            break
        categories = caps.categories_of(pool[rows, place])
        no_room = categories & (room[rows] < 1)
        fits = ~no_room.any(axis=1)
        # Further down an item would not have been listed anyway: no limit held it back.
        if place < size:
            deferred += _by_limit(no_room, caps.limits)
        rows = rows[fits]
        room[rows] -= categories[fits]
        kept[rows, lengths[rows]] = pool[rows, place]
        is_kept[rows, place] = True
        lengths[rows] += 1
    rest = np.where(is_kept, -1, pool)
    exceeded = _complete(kept, lengths, rest, replace(caps, room=room))
    return CappedLists(kept, deferred, exceeded)


def _complete(kept: Rows, lengths: Rows, rest: Rows, caps: CategoryCaps) -> Counter[int]:
    """Fill short rows of `kept` (B, size) in place, from the rest (B, P) of the pool in its order.

    Returns the items above each limit.
    """
    size = kept.shape[1]
    exceeded: Counter[int] = Counter()
    can_grow = (lengths < size) & (rest >= 0).any(axis=1)
    # A loop, but over few: limits seldom leave a list short.
    for row in np.flatnonzero(can_grow):
        n_missing = size - lengths[row]
        added = rest[row][rest[row] >= 0][:n_missing]
        kept[row, lengths[row] : lengths[row] + len(added)] = added
        categories = caps.categories_of(added)
        # The n-th item added of a category is above its limit where there was room for fewer.
        above = categories & (np.cumsum(categories, axis=0) > caps.room[row])
        exceeded += _by_limit(above, caps.limits)
    return exceeded


def _by_limit(broken: Flags, limits: Rows) -> Counter[int]:
    """Count the items that break each limit, from the categories (n, K) by which they do.

    An item that breaks a limit by several of its categories counts once.
    """
    counts: Counter[int] = Counter()
    for limit in np.unique(limits[broken.any(axis=0)]):
        breaks_it = broken[:, limits == limit].any(axis=1)
        counts[int(limit)] = int(breaks_it.sum())
    return counts
