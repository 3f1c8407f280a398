"""EASE: one closed-form item x item weight matrix."""

from typing import Any, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Scores, State
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.models.base.closed_form import weights_by_items, weights_by_users
from fusion.models.base.history_matrix import (
    HistoryMatrixModel,
    HistorySettings,
    fit_profile,
    profile,
)
from fusion.models.base.recommender import FitContext
from fusion.models.base.registry import register

MAX_TUNED_ITEMS = 5000
"""Items that a search for the regularisation fits, those with the most interactions.

The work of a fit grows as the cube of their number.
"""


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
    """A linear model with scores X B, where B (I, I) has a zero diagonal.

    B = -P / diag(P) by columns, with P = (X'X + reg)^-1. Only items with `min_count` interactions
    are in the matrix; users with none of them in their history get silence. Memory: two I x I
    float32 matrices while fitting.

    Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
    """

    Config = EaseConfig
    reason_text = "it goes together with what they took"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Solve for the weights, through whichever side of the histories is shorter.

        Args:
            data: all that the fold knows.
            ctx: threads to use.

        Returns:
            The source itself.

        Raises:
            ConfigError: `reg` is too small for the matrix to be inverted in float32.
        """
        is_kept = data.item_counts >= self.config.min_count
        self.items_ = np.flatnonzero(is_kept).astype(np.int32)
        histories = fit_profile(data, self.config)[:, self.items_]
        histories = histories[np.diff(histories.indptr) > 0]
        n_users, n_items = histories.shape
        solve = weights_by_users if 2 * n_users < n_items else weights_by_items
        with threadpool_limits(ctx.threads, "blas"):
            self.weights_ = solve(histories, self.config.reg)  # (items kept,) squared
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Sum the weights of each history's items.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32; NaN for items left out of the matrix.
        """
        histories = self._histories(users)
        scores = np.full((len(users), users.n_items), np.nan, np.float32)
        scores[:, self.items_] = histories @ self.weights_
        is_empty = np.diff(histories.indptr) == 0
        scores[is_empty] = np.nan
        return scores

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Sum only the weights of the pairs' items.

        They are added in the order in which `scores` adds them, which gives the same bits.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32.
        """
        histories = self._histories(users)
        column_of_item = np.full(users.n_items, -1, np.int32)
        column_of_item[self.items_] = np.arange(len(self.items_), dtype=np.int32)
        pair_scores = np.full(len(pairs), np.nan, np.float32)
        for user in range(len(users)):
            events = slice(histories.indptr[user], histories.indptr[user + 1])
            first_pair = pairs.borders[user]
            columns = column_of_item[pairs.items[first_pair : pairs.borders[user + 1]]]
            is_kept = columns >= 0
            if events.start < events.stop and is_kept.any():
                seen = histories.indices[events]
                weights = self.weights_[seen[:, None], columns[is_kept]]
                sums = as_row(histories.data[events]) @ weights
                pair_scores[np.flatnonzero(is_kept) + first_pair] = sums[0]
        return pair_scores

    def tuning_overrides(self, data: Dataset) -> dict[str, Any]:
        """Leave rare items out where there are more than a search has time for.

        Args:
            data: what the trials are fitted on.

        Returns:
            A `min_count` that leaves at most `MAX_TUNED_ITEMS`; nothing where that is not needed,
            or would leave no item.
        """
        counts = data.item_counts[data.item_counts >= self.config.min_count]
        if len(counts) <= MAX_TUNED_ITEMS:
            return {}
        # One more than the count of the first item that must stay out, so that ties stay out too.
        first_out = -MAX_TUNED_ITEMS - 1
        min_count = int(np.partition(counts, first_out)[first_out]) + 1
        return {"min_count": min_count} if (counts >= min_count).any() else {}

    def _histories(self, users: UserHistories) -> csr_array:
        return profile(users, self.config)[:, self.items_]

    def state(self) -> State:
        """Return weights and the items they stand for."""
        return {"items": self.items_, "weights": self.weights_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = cls(config)
        model.items_ = state["items"]
        model.weights_ = state["weights"]
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        The Gram matrix, whose place the weights take, and one more: through the users the weights
        stand beside it, with the histories as a dense matrix.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        return 2 * 4 * n_items**2


def as_row(values: Scores) -> csr_array:
    """Make a sparse row of values.

    Multiplying by it adds in the same order as multiplying by the whole history matrix.

    Args:
        values: (n,) float32.

    Returns:
        (1, n).
    """
    n = len(values)
    return csr_array((values, np.arange(n, dtype=np.int32), [0, n]), shape=(1, n))
