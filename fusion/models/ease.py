"""EASE: one closed-form item x item weight matrix."""

from typing import Any, Self

import numpy as np
from pydantic import Field
from scipy.linalg.lapack import spotrf, spotri
from threadpoolctl import threadpool_limits

from fusion.arrays import Scores, State
from fusion.dataset import Dataset
from fusion.errors import FusionError
from fusion.models.histories import Weighting, weigh
from fusion.recommender import FitContext, Recommender, item_rows_with_history
from fusion.registry import register
from fusion.settings import Settings, tunable
from fusion.users import Users


class EaseConfig(Settings):
    """Settings of `ease`."""

    reg: float = tunable(500.0, 50, 10_000, log=True, description="L2 weight added to the diagonal of the Gram matrix")
    weighting: Weighting = Field("binary", description="what a history holds: binary, log or raw weights")


@register("ease")
class Ease(Recommender):
    """Scores are X @ B, with B (I, I) of zero diagonal: B = -P / diag(P) by columns, P = (X'X + reg)^-1.

    Only items with history are in the matrix. Memory: two I x I float32 matrices while fitting.
    Source: Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
    """

    Config = EaseConfig

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Invert the Gram matrix of the items that have history."""
        self.items_ = item_rows_with_history(data)
        histories = weigh(data.matrix()[:, self.items_], self.config.weighting)
        gram = (histories.T @ histories).toarray()
        gram[np.diag_indices_from(gram)] += self.config.reg
        with threadpool_limits(ctx.threads, "blas"):
            inverse = invert(gram)
        inverse /= -np.diag(inverse)
        np.fill_diagonal(inverse, 0.0)
        self.weights_ = inverse.astype(np.float32, copy=False)  # (items with history,) squared
        return self

    def scores(self, users: Users) -> Scores:
        """Sum the weights of what the user met; NaN for items without history."""
        found = np.full((len(users), users.n_items), np.nan, np.float32)
        found[:, self.items_] = weigh(users.history, self.config.weighting)[:, self.items_] @ self.weights_
        return found

    def state(self) -> State:
        """Weights and the items they stand for."""
        return {"items": self.items_, "weights": self.weights_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model.items_, model.weights_ = state["items"], state["weights"]
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Gram matrix, its sparse form on the way, and the weights."""
        return 3 * 4 * n_items**2


def invert(gram: Scores) -> Scores:
    """Invert a positive definite float32 matrix (n, n) by Cholesky, half the work of a general inverse, in place."""
    # A C-ordered symmetric matrix is its own transpose: handing LAPACK the transpose spares it a copy.
    factor, failed = spotrf(gram.T, lower=1, overwrite_a=1, clean=0)
    inverse, failed_too = spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise FusionError(f"EASE's Gram matrix of {len(gram)} items is not positive definite; raise its `reg`")
    for row in range(len(inverse)):
        inverse[row, row + 1 :] = inverse[row + 1 :, row]
    full: Scores = inverse
    return full
