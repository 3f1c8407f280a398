"""Limits: no more than so many items of a category in one list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows
from fusion.lists.compiled_rules import LimitedItems, stacked

FREE = np.iinfo(np.int32).max


@dataclass(frozen=True)
class CategoryCaps:
    """How many items of each of K categories the list of each of B users may still hold: `left` (B, K) int32.

    `has` (n, K) bool says it of the distinct items `rows` (n,) ascending; `whose` (K,) is the limit
    of each.
    """

    rows: Rows
    has: Flags
    left: Rows
    whose: Rows


def build_category_caps(
    limits: Sequence[LimitedItems], users: Rows, pool: Rows, pins: Rows, size: int
) -> CategoryCaps:
    """What limits leave to `users` (B,) beside their pins (B, M); categories that cannot fill up drop out."""
    values = stacked(limits)
    whose = np.repeat(np.arange(len(limits)), [limit.values.shape[1] for limit in limits]).astype(
        np.int32
    )
    most = np.array([limit.rule.most(size) for limit in limits], np.int32)
    mine = np.column_stack([limit.users[users] for limit in limits])
    everything = np.concatenate([pool, pins], axis=1)
    owners, places = np.nonzero(everything >= 0)
    ones = np.ones(len(owners), np.float32)
    wanted = (
        csr_array((ones, (owners, everything[owners, places])), shape=(len(users), values.shape[0]))
        @ values
    )
    full = np.flatnonzero(wanted.max(axis=0).toarray().ravel() > most[whose])
    values, whose = values[:, full], whose[full]
    left = np.where(mine[:, whose], most[whose], FREE).astype(np.int32)
    rows = np.unique(everything[everything >= 0])
    has = values[rows].toarray() > 0
    for column in pins.T:
        there = column >= 0
        left[there] -= has[np.searchsorted(rows, column[there])]
    return CategoryCaps(rows, has, left, whose)


@dataclass(frozen=True)
class CappedLists:
    """Lists (B, size) within limits, -1 where there is no more, and what that took.

    By limit: `held`, how many items among the first `size` of the pool it held back; `beyond`, how
    many stand in lists above it, since there was nothing else to make them whole.
    """

    items: Rows
    held: Counter[int]
    beyond: Counter[int]


def apply_category_caps(pool: Rows, caps: CategoryCaps, size: int) -> CappedLists:
    """The first `size` items of each row of `pool` (B, P; packed, -1 at the end) that the caps leave room for.

    Where the pool has too few of them, lists go on with what a limit held back: a list is whole
    before it is limited.
    """
    kept = np.full((len(pool), size), -1, np.int32)
    filled = np.zeros(len(pool), np.int32)
    taken = np.zeros(pool.shape, bool)
    held: Counter[int] = Counter()
    left = caps.left.copy()
    for place in range(pool.shape[1]):
        rows = np.flatnonzero((filled < size) & (pool[:, place] >= 0))
        if not len(rows):
            break
        has = caps.has[np.searchsorted(caps.rows, pool[rows, place])]
        over = has & (left[rows] < 1)
        fits = ~over.any(axis=1)
        if place < size:
            held += _by_limit(over, caps.whose)
        rows, has = rows[fits], has[fits]
        left[rows] -= has
        kept[rows, filled[rows]] = pool[rows, place]
        taken[rows, place] = True
        filled[rows] += 1
    beyond = _complete(kept, filled, np.where(taken, -1, pool), replace(caps, left=left))
    return CappedLists(kept, held, beyond)


def _complete(kept: Rows, filled: Rows, rest: Rows, caps: CategoryCaps) -> Counter[int]:
    """Fill short rows of `kept` in place from what is left of the pool, in its order; gives items above each limit."""
    beyond: Counter[int] = Counter()
    for row in np.flatnonzero((filled < kept.shape[1]) & (rest >= 0).any(axis=1)):
        more = rest[row][rest[row] >= 0][: kept.shape[1] - filled[row]]
        kept[row, filled[row] : filled[row] + len(more)] = more
        has = caps.has[np.searchsorted(caps.rows, more)]
        beyond += _by_limit(has & (np.cumsum(has, axis=0) > caps.left[row]), caps.whose)
    return beyond


def _by_limit(over: Flags, whose: Rows) -> Counter[int]:
    """How many of n items break each limit, from the categories (n, K) by which they do."""
    broken = np.unique(whose[over.any(axis=0)])
    return Counter({int(limit): int(over[:, whose == limit].any(axis=1).sum()) for limit in broken})
