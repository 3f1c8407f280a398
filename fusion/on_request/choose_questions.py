"""The questions of a run, chosen by the likes of all users."""

from collections.abc import Callable

import numpy as np

from fusion.data.dataset import Dataset
from fusion.on_request.likes import likes_of_users, most_liked
from fusion.on_request.optimal_design import Matrix, choose_greedily
from fusion.on_request.questions import MOST_KNOWN, Questions, answer_noise

MOST_QUESTIONS = 32
"""Questions that a run keeps: nobody answers more, and some may be blocked by the time."""

Choice = Callable[[Matrix, Matrix, float, int], tuple[list[int], list[float]]]
"""Takes what `choose_greedily` takes, and returns what it returns."""


def choose_questions(data: Dataset, seed: int, choose: Choice = choose_greedily) -> Questions:
    """Choose questions to somebody new, among the items that most users like.

    Args:
        data: what was trained on.
        seed: of the draw of users where there are many.
        choose: how; benchmarks compare others with the greedy choice.
    """
    likes = likes_of_users(data, seed)
    n_users = max(likes.shape[0], 1)
    liked = most_liked(likes)
    known, targets = liked[:MOST_KNOWN], np.sort(liked)
    shares = likes.sum(axis=0) / n_users
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
