"""Slow and obvious versions of what sources do, to compare them with."""

import numpy as np

from fusion.core.arrays import Scores
from fusion.data.histories import UserHistories
from fusion.data.topk import TopK
from fusion.models.base.allowed import Allowed


def all_allowed(n_items: int, seen: bool = False) -> Allowed:
    """Allow every item.

    Args:
        n_items: I.
        seen: whether items of a user's history may be listed again.

    Returns:
        Permissions of I items.
    """
    return Allowed(np.ones(n_items, bool), seen)


def listable_items(scores: Scores, users: UserHistories, user: int, allowed: Allowed) -> list[int]:
    """Return the items that may stand in one user's list, one by one.

    Args:
        scores: (B, I).
        users: B users.
        user: the user's position in the block.
        allowed: items that may be listed.

    Returns:
        Item rows, ascending.
    """
    history = users.items[users.borders[user] : users.borders[user + 1]]
    excluded = set() if allowed.seen else set(history.tolist())
    permitted = np.flatnonzero(allowed.items).tolist()
    return [item for item in permitted if item not in excluded and np.isfinite(scores[user, item])]


def slow_top(scores: Scores, users: UserHistories, k: int, allowed: Allowed) -> TopK:
    """Sort everything that may be listed by falling score, then by item.

    Args:
        scores: (B, I).
        users: B users.
        k: places of a list.
        allowed: items that may be listed.

    Returns:
        Items and scores (B, k), -1 and NaN past the end of a short list.
    """
    items = np.full((len(users), k), -1, np.int32)
    values = np.full((len(users), k), np.nan, np.float32)
    for user in range(len(users)):
        candidates = np.array(listable_items(scores, users, user, allowed), np.int32)
        falling = np.lexsort((candidates, -scores[user, candidates]))[:k]
        listed = candidates[falling]
        items[user, : len(listed)] = listed
        values[user, : len(listed)] = scores[user, listed]
    return TopK(items, values)
