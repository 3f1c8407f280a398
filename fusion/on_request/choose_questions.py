"""The questions of a run, chosen by the likes of all users."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import sparse
from fusion.data.dataset import Dataset
from fusion.on_request.optimal_design import Matrix, choose_greedily
from fusion.on_request.questions import MOST_KNOWN, Questions, answer_noise

MOST_QUESTIONS = 32
"""Questions that a run keeps: nobody answers more, and some may be blocked by the time."""
MOST_TARGETS = 20_000
"""Items on which answers bear, those that most users like; their file takes at most 3 MB."""
MOST_USERS = 20_000
"""Users by whom likes are counted: a share of them is right to one in 300."""
FEWEST_LIKES = 3
"""Users who like an item on which answers bear: a covariance by fewer is chance."""

Choice = Callable[[Matrix, Matrix, float, int], tuple[list[int], list[float]]]
"""Takes what `choose_greedily` takes, and returns what it returns."""


def choose_questions(data: Dataset, seed: int, choose: Choice = choose_greedily) -> Questions:
    """Choose questions to somebody new, among the items that most users like.

    Args:
        data: what was trained on.
        seed: of the draw of users where there are more than `MOST_USERS`.
        choose: how; benchmarks compare others with the greedy choice.
    """
    likes = _likes(data, seed)
    n_users = max(likes.shape[0], 1)
    counts = likes.sum(axis=0)
    # Stable: of those that equally many like, the lower row comes first.
    most_liked = np.argsort(-counts, kind="stable")[:MOST_TARGETS].astype(np.int32)
    most_liked = most_liked[counts[most_liked] >= FEWEST_LIKES]
    known, targets = most_liked[:MOST_KNOWN], np.sort(most_liked)
    shares = counts / n_users
    together = (likes[:, targets].T @ likes[:, known]).toarray() / n_users
    covariance: Matrix = together - np.outer(shares[targets], shares[known])
    own = covariance[np.searchsorted(targets, known)]
    noise = answer_noise(shares[known])
    places, explained = choose(covariance.T @ covariance, own, noise, MOST_QUESTIONS)
    variance = float((shares[targets] * (1 - shares[targets])).sum())
    return Questions(
        items=known[places],
        explained=(np.cumsum(explained) / (variance or 1)).astype(np.float32),
        targets=targets,
        shares=shares[targets].astype(np.float32),
        covariance=covariance[:, places].astype(np.float32),
    )


def _likes(data: Dataset, seed: int) -> csr_array:
    """Return who likes what: users who like anything x items, float64 of ones."""
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
