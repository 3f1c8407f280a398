"""Who likes what: the matrix that questions and lists from a few items are learned from."""

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, sparse
from fusion.data.dataset import Dataset

MOST_ITEMS = 20_000
"""Items on which likes of others bear, those that most users like; it bounds what a run keeps."""
MOST_USERS = 20_000
"""Users by whom likes are counted: a share of them is right to one in 300."""
FEWEST_LIKES = 3
"""Users who like an item on which others bear: a covariance by fewer is chance."""


def likes_of_users(data: Dataset, seed: int) -> csr_array:
    """Return who likes what.

    Args:
        data: what was trained on.
        seed: of the draw of users where there are more than `MOST_USERS`.

    Returns:
        Users who like anything x items, float64 of ones.
    """
    users, items = data.users[data.liked], data.items[data.liked]
    who = np.unique(users)
    if len(who) > MOST_USERS:
        drawn = np.random.default_rng(seed).choice(len(who), MOST_USERS, replace=False)
        who = who[np.sort(drawn)]
        is_drawn = np.isin(users, who)
        users, items = users[is_drawn], items[is_drawn]
    rows = np.searchsorted(who, users).astype(np.int32)
    ones = np.ones(len(rows), np.float32)
    likes = sparse(rows, items, ones, (len(who), data.n_items)).astype(np.float64)
    # Who likes an item twice likes it.
    likes.data[:] = 1
    return likes


def most_liked(likes: csr_array) -> Rows:
    """Return the items on which likes of others bear, the most liked first.

    Args:
        likes: users x items, of ones.

    Returns:
        At most `MOST_ITEMS`, int32, each liked by `FEWEST_LIKES` users or more.
    """
    counts = likes.sum(axis=0)
    # Stable: of those that equally many like, the lower row comes first.
    items = np.argsort(-counts, kind="stable")[:MOST_ITEMS].astype(np.int32)
    liked: Rows = items[counts[items] >= FEWEST_LIKES]
    return liked
