"""Questions chosen by NDCG itself: what the cheaper choice of `fusion ask` is held against.

Each question is the one with which the lists of the known users, from their own answers so far and
that one, have the largest NDCG@10. The map and its covariances are learned of the same users, and
the films that were asked about count among the labels: it is a check of the choice, and no way to
serve. It is slow, too: a map for each film that may be asked about, at each step.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion import Dataset
from fusion.metrics.ranking import rank_discounts
from fusion.on_request.choose_questions import Choice
from fusion.on_request.likes import FEWEST_LIKES
from fusion.on_request.optimal_design import Matrix
from fusion.on_request.questions import MOST_KNOWN

PLACES = 10


def by_ndcg(known: Dataset, most: int) -> Choice:
    """Return a choice by the NDCG of the users of a dataset.

    Args:
        known: the users who answer.
        most: questions that are chosen; further ones would take long.
    """

    def _choose(
        products: Matrix, own: Matrix, noise: float, _: int
    ) -> tuple[list[int], list[float]]:
        likes = _likes(known)
        asked = np.argsort(-likes.sum(axis=0), kind="stable")[: min(MOST_KNOWN, len(own))]
        chosen: list[int] = []
        for _step in range(most):
            left = [place for place in range(len(asked)) if place not in chosen]
            gains = [_mean_ndcg(likes, asked[[*chosen, place]], noise) for place in left]
            chosen.append(left[int(np.argmax(gains))])
        return chosen, [0.0] * len(chosen)

    return _choose


def _likes(known: Dataset) -> NDArray[np.float32]:
    """Return who likes what of the films on which answers bear: (users, films) of ones."""
    rows = known.users[known.liked], known.items[known.liked]
    ones = np.ones(len(rows[0]), np.float32)
    everything = csr_array((ones, rows), shape=(known.n_users, known.n_items)).toarray()
    likes = np.minimum(everything, 1)
    likes = likes[likes.any(axis=1)]
    kept: NDArray[np.float32] = likes[:, likes.sum(axis=0) >= FEWEST_LIKES]
    return kept


def _mean_ndcg(likes: NDArray[np.float32], asked: NDArray[np.intp], noise: float) -> float:
    """Return the mean NDCG of lists from the users' answers to some questions."""
    shares = likes.mean(axis=0)
    answers = likes[:, asked] - shares[asked]
    shared = answers.T @ answers / len(likes) + noise * np.eye(len(asked), dtype=np.float32)
    weights = np.linalg.solve(shared, answers.T @ (likes - shares) / len(likes))
    scores = shares + answers @ weights.astype(np.float32)
    best = np.argpartition(-scores, PLACES, axis=1)[:, :PLACES]
    ordered = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    lists = np.take_along_axis(best, ordered, axis=1)
    discounts = rank_discounts(PLACES)
    gained = np.take_along_axis(likes, lists, axis=1) @ discounts
    labels = np.minimum(likes.sum(axis=1), PLACES).astype(int)
    return float((gained / np.cumsum(discounts)[labels - 1]).mean())
