"""Choosing questions: greedy optimal design over the covariance of users' likes."""

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1e-12
"""A gain of variance that is none."""

Matrix = NDArray[np.float64]


def choose_greedily(
    products: Matrix, own: Matrix, noise: float, most: int
) -> tuple[list[int], list[float]]:
    """Choose questions one after the other, each the one that explains most of what is left.

    K is the covariance (T, P) of what is to be foretold with the answers, given the answers to all
    questions chosen so far. Question q explains |K_q|^2 / (var_q + noise) more of the variance of
    the T: so much does the trace of their covariance lose by it, which is what A-optimal designs
    minimise. Of two questions that say the same, the second explains little after the first.

    A step works with K'K and the covariances of the answers, so that its cost does not grow with T.

    Anava et al., Budget-Constrained Item Cold-Start Handling in Collaborative Filtering
    Recommenders via Optimal Design, WWW 2015, for users in place of items.

    Args:
        products: (P, P), K'K of the P questions that may be asked, before any is.
        own: (P, P), covariance of their answers.
        noise: variance of an answer that is no taste; 0 where all answer alike.
        most: questions to choose.

    Returns:
        Places of the questions, fewer where no other explains anything; what each explains.
    """
    chosen: list[int] = []
    explained: list[float] = []
    # Where all answer alike, no answer says anything.
    for _ in range(min(most, len(own)) if noise > 0 else 0):
        gains = np.diag(products) / (np.diag(own) + noise)
        # What is left of the variance of an answered question is noise.
        gains[chosen] = 0
        best = int(np.argmax(gains))
        if gains[best] <= SMALLEST:
            break
        chosen.append(best)
        explained.append(float(gains[best]))
        # The answer foretells each other answer in this proportion, and K loses K_best times it.
        foretold = own[best] / (own[best, best] + noise)
        crossed = np.outer(products[best], foretold)
        squared = products[best, best] * np.outer(foretold, foretold)
        products = products - crossed - crossed.T + squared
        own = own - np.outer(own[best], foretold)
    return chosen, explained
