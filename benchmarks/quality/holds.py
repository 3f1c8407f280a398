"""Hold-outs made before anything is trained, and how lists are judged on them.

They are made by last interaction, by time, or at random.
"""

from dataclasses import dataclass, replace

import numpy as np

from fusion.data.dataset import Dataset
from fusion.metrics.ranking import hits_of, ndcg

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Held:
    """Interactions that are known, and labels that are held out.

    `users` (n,) have at least one of `labels` and a history.
    """

    known: Dataset
    as_of: np.ndarray
    label_users: np.ndarray
    label_items: np.ndarray

    @property
    def users(self) -> np.ndarray:
        """Users with a label and a history, ascending."""
        rows = np.unique(self.label_users)
        return rows[self.known.user_counts[rows] > 0].astype(np.int32)


def hold_last(data: Dataset, n: int) -> Held:
    """Hold out each user's n-th last interaction; hide the later ones."""
    order, borders = data.by_user
    left = np.empty(len(data), np.int64)
    left[order] = np.repeat(borders[1:], np.diff(borders)) - np.arange(len(data))
    known = data.take(left > n)
    return _unseen(known, known.last_times + 1, data, left == n)


def hold_time(data: Dataset, n: int, days: int) -> Held:
    """Hide the last n windows of `days`; the labels are the first of them."""
    cut = data.as_of - n * days * DAY_MS
    label = (data.times >= cut) & (data.times < cut + days * DAY_MS)
    return _unseen(data.before(cut), np.full(data.n_users, cut), data, label)


def hold_random(data: Dataset, n: int, share: float, seed: int) -> Held:
    """Hold out `share` of each user's items, at least one; he keeps one or more.

    One shuffling of a seed gives all folds: fold n is its n-th slice, so that folds of a seed share
    no label. Times are put aside: nothing may take what stands around a held-out event for its
    past.
    """
    data = replace(data, has_times=False, times=np.zeros_like(data.times))
    pairs, event = np.unique(
        data.users.astype(np.int64) * data.n_items + data.items, return_inverse=True
    )
    users = pairs // data.n_items
    order = np.lexsort([np.random.default_rng(seed).random(len(pairs)), users])
    counts = np.bincount(users, minlength=data.n_users)
    place = np.empty(len(pairs), np.int64)
    place[order] = np.arange(len(pairs)) - np.repeat(np.cumsum(counts) - counts, counts)
    size = np.maximum(1, np.round(share * counts)).astype(np.int64)[users]
    label = (place // size == n - 1) & (n * size <= counts[users]) & (counts[users] > size)
    return _unseen(data.take(~label[event]), np.full(data.n_users, data.as_of), data, label[event])


def _unseen(known: Dataset, as_of: np.ndarray, data: Dataset, label: np.ndarray) -> Held:
    label = label & data.liked
    pairs = np.unique(data.users[label].astype(np.int64) * data.n_items + data.items[label])
    pairs = np.setdiff1d(pairs, known.users.astype(np.int64) * data.n_items + known.items)
    return Held(
        known,
        as_of,
        (pairs // data.n_items).astype(np.int32),
        (pairs % data.n_items).astype(np.int32),
    )


def judge(held: Held, lists: np.ndarray) -> np.ndarray:
    """NDCG@10 (n,) of lists (n, k) of `held.users`."""
    return ndcg(*hits_of(lists, held.users, held.label_users, held.label_items), 10)
