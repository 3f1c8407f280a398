"""EASE: one closed-form item x item weight matrix."""

from typing import Any, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Scores, State, block_rows, blocks
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.errors import ConfigError
from fusion.models.base.history_matrix import (
    HistoryMatrixModel,
    HistorySettings,
    fit_profile,
    profile,
)
from fusion.models.base.lapack import spotrf, spotri, ssyrk, strtrs
from fusion.models.base.recommender import FitContext
from fusion.models.base.registry import register

MOST_TUNED = 5000
"""Items that a search for the regularisation fits, the most taken ones: the work grows as their cube."""
GRAM_BYTES = 128 * 2**20
"""Memory budget of the sparse products that a block of the Gram matrix is made from."""
SPARSE_CELL = 12
"""Bytes of one of them, and of finding room for it."""


class EaseConfig(HistorySettings):
    """Settings of `ease`."""

    reg: float = tunable(
        500.0,
        10,
        10_000,
        log=True,
        description="L2 weight added to the diagonal of the Gram matrix",
    )
    min_count: int = Field(
        1, ge=1, description="items with fewer interactions are left out and stay silent"
    )


@register("ease")
class Ease(HistoryMatrixModel):
    """Scores are X @ B, with B (I, I) of zero diagonal: B = -P / diag(P) by columns, P = (X'X + reg)^-1.

    Only items with `min_count` interactions are in the matrix; users who met none of them get
    silence. Memory: two I x I float32 matrices while fitting. Source: Steck, Embarrassingly Shallow
    Autoencoders for Sparse Data, WWW 2019.
    """

    Config = EaseConfig
    reason_text = "it goes together with what they took"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Solve for the weights, through whichever side of the histories is shorter."""
        self.items_ = np.flatnonzero(data.item_counts >= self.config.min_count).astype(np.int32)
        histories = fit_profile(data, self.config)[:, self.items_]
        histories = histories[np.diff(histories.indptr) > 0]
        n_users, n_items = histories.shape
        solve = weights_by_users if 2 * n_users < n_items else weights_by_items
        with threadpool_limits(ctx.threads, "blas"):
            self.weights_ = solve(histories, self.config.reg)  # (items kept,) squared
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Sum the weights of what the user met; NaN for items left out."""
        met = self._met(users)
        found = np.full((len(users), users.n_items), np.nan, np.float32)
        found[:, self.items_] = met @ self.weights_
        found[np.diff(met.indptr) == 0] = np.nan
        return found

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Sum only the weights of the pairs' items, in the order in which `scores` adds them: the same bits."""
        met = self._met(users)
        column = np.full(users.n_items, -1, np.int32)
        column[self.items_] = np.arange(len(self.items_), dtype=np.int32)
        found = np.full(len(pairs), np.nan, np.float32)
        for user in range(len(users)):
            own = slice(met.indptr[user], met.indptr[user + 1])
            wanted = column[pairs.items[pairs.borders[user] : pairs.borders[user + 1]]]
            if own.start < own.stop and (wanted >= 0).any():
                weights = self.weights_[met.indices[own][:, None], wanted[wanted >= 0]]
                found[np.flatnonzero(wanted >= 0) + pairs.borders[user]] = (
                    as_row(met.data[own]) @ weights
                )[0]
        return found

    def tuning_overrides(self, data: Dataset) -> dict[str, Any]:
        """Leave rare items out where there are more than a search has time for."""
        counts = data.item_counts[data.item_counts >= self.config.min_count]
        if len(counts) <= MOST_TUNED:
            return {}
        least = int(np.partition(counts, -MOST_TUNED - 1)[-MOST_TUNED - 1]) + 1
        return {"min_count": least} if (counts >= least).any() else {}

    def _met(self, users: UserHistories) -> csr_array:
        return profile(users, self.config)[:, self.items_]

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
        """The Gram matrix, whose place the weights take; through the users also theirs, and histories as a matrix."""
        return 2 * 4 * n_items**2


def as_row(values: Scores) -> csr_array:
    """A sparse row (1, n): multiplying by it adds in the same order as multiplying by the whole history matrix."""
    return csr_array(
        (values, np.arange(len(values), dtype=np.int32), [0, len(values)]), shape=(1, len(values))
    )


def weights_by_items(histories: csr_array, reg: float) -> Scores:
    """B (I, I) of histories (U, I), by inverting the Gram matrix of the items: the work grows as I^3."""
    gram = gram_of(histories.T.tocsr())
    gram[np.diag_indices_from(gram)] += reg
    factorise(gram, reg)
    spotri(gram)
    inverse = mirrored(gram)
    inverse /= -np.diag(inverse)
    np.fill_diagonal(inverse, 0.0)
    return inverse


def weights_by_users(histories: csr_array, reg: float) -> Scores:
    """B (I, I) of histories (U, I), by inverting the users' Gram matrix: the work grows as U I^2, less for few users.

    Woodbury: with XX' + reg = LL' and Z = L^-1 X, P = (1 - Z'Z) / reg, so B = Z'Z / (1 - diag(Z'Z))
    by columns.
    """
    gram = gram_of(histories)
    gram[np.diag_indices_from(gram)] += reg
    factorise(gram, reg)
    solved = histories.toarray(order="F")
    strtrs(gram, solved)
    shared = mirrored(ssyrk(solved))
    shared /= 1.0 - np.diag(shared)
    np.fill_diagonal(shared, 0.0)
    return shared


def gram_of(rows: csr_array) -> Scores:
    """Products (n, n) of all rows with one another, Fortran-ordered; never held twice, not even as a sparse matrix."""
    n, columns = len(rows.indptr) - 1, rows.T.tocsr()
    gram = np.empty((n, n), np.float32)
    for part in blocks(n, block_rows(n, GRAM_BYTES, SPARSE_CELL)):
        (rows[part] @ columns).toarray(out=gram[part])
    return gram.T


def factorise(gram: Scores, reg: float) -> None:
    """Put the lower Cholesky factor of a Fortran-ordered Gram matrix (n, n) in its lower half.

    Raises ConfigError where float32 cannot tell the matrix from a singular one.
    """
    if not spotrf(gram):
        raise ConfigError(
            f"EASE: the Gram matrix of {len(gram)} rows is not positive definite at reg={reg}; raise reg"
        )


def mirrored(lower: Scores) -> Scores:
    """The whole symmetric matrix (n, n) of its Fortran-ordered lower half, in place, seen as C-ordered."""
    whole: Scores = lower.T
    for row in range(1, len(whole)):
        whole[row, :row] = whole[:row, row]
    return whole
