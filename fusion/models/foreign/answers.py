"""Checks of what a package's source answers, before anything is computed with it."""

import numpy as np

from fusion.core.arrays import Scores, State
from fusion.data.histories import UserHistories
from fusion.data.topk import TopK
from fusion.models.base.allowed import Allowed


def check_lists(answer: State, users: UserHistories, k: int, allowed: Allowed) -> TopK:
    """Return lists that hold only what may be listed, and nothing twice.

    Args:
        answer: items and scores.
        users: B users.
        k: places of a list.
        allowed: items that may be listed.

    Raises:
        ValueError: they are not such lists.
    """
    items, scores = answer["items"], answer["scores"]
    shape = (len(users), k)
    if items.shape != shape or scores.shape != shape:
        raise ValueError(f"top gave items {items.shape} and scores {scores.shape}, not {shape}")
    if items.dtype.kind not in "iu" or scores.dtype.kind != "f":
        raise ValueError(f"top gave items {items.dtype} and scores {scores.dtype}")
    listed = items >= 0
    if (items < -1).any() or (items[listed] >= users.n_items).any():
        raise ValueError(f"top gave items outside of 0 to {users.n_items - 1} and -1")
    if not allowed.items[items[listed]].all():
        raise ValueError("top gave items that may not be listed")
    owners, _ = np.nonzero(listed)
    keys = owners * np.int64(users.n_items) + items[listed]
    if len(np.unique(keys)) != len(keys):
        raise ValueError("top gave an item twice to a user")
    seen_keys = users.owners * np.int64(users.n_items) + users.items
    if not allowed.seen and np.isin(keys, seen_keys).any():
        raise ValueError("top gave items of the user's own history")
    return TopK(items.astype(np.int32, copy=False), scores.astype(np.float32, copy=False))


def check_answers(answer: State, n_pairs: int) -> Scores:
    """Return a number for each pair.

    Args:
        answer: the numbers.
        n_pairs: C, so many must there be.

    Raises:
        ValueError: they are not.
    """
    answers = answer["answers"]
    if answers.shape != (n_pairs,) or answers.dtype.kind not in "fiu":
        raise ValueError(f"gave {answers.dtype} {answers.shape} for {n_pairs} pairs")
    scores: Scores = answers.astype(np.float32, copy=False)
    return scores
