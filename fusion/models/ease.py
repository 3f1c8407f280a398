"""EASE: one closed-form item x item weight matrix."""

from typing import Any, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.fit_context import FitContext
from fusion.models.base.history_matrix import (
    HistoryMatrixModel,
    HistorySettings,
    fit_profile,
    profile,
)
from fusion.models.base.registry import register
from fusion.models.linear.closed_form import weights_by_items, weights_by_users
from fusion.models.linear.weight_matrix import WeightMatrixModel, most_taken

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
    max_items: int | None = Field(
        None,
        ge=1,
        description="the most taken items, which take part; the others stay silent; default: all",
    )


@register("ease")
class Ease(HistoryMatrixModel, WeightMatrixModel):
    """A linear model with scores X B, where B (I, I) has a zero diagonal.

    B = -P / diag(P) by columns, with P = (X'X + reg)^-1. Only items with `min_count` interactions,
    and the `max_items` most taken of them, are in the matrix; users with none of those in their
    history get silence. Memory: two I x I float32 matrices of these items while fitting.

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
        counts = np.where(is_kept, data.item_counts, 0)
        self.items_ = most_taken(counts, self.config.max_items or data.n_items)
        histories = fit_profile(data, self.config)[:, self.items_]
        histories = histories[np.diff(histories.indptr) > 0]
        n_users, n_items = histories.shape
        solve = weights_by_users if 2 * n_users < n_items else weights_by_items
        with threadpool_limits(ctx.threads, "blas"):
            self.weights_ = solve(histories, self.config.reg)  # (items kept,) squared
        return self

    def profile(self, users: UserHistories) -> csr_array:
        """Make the history matrix that scores are made from.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32.
        """
        return profile(users, self.config)

    def tuning_overrides(self, data: Dataset) -> dict[str, Any]:
        """Leave rare items out where there are more than a search has time for.

        Args:
            data: what the trials are fitted on.

        Returns:
            A `min_count` that leaves at most `MAX_TUNED_ITEMS`; nothing where that is not needed,
            or would leave no item.
        """
        counts = data.item_counts[data.item_counts >= self.config.min_count]
        if min(len(counts), self.config.max_items or len(counts)) <= MAX_TUNED_ITEMS:
            return {}
        # One more than the count of the first item that must stay out, so that ties stay out too.
        first_out = -MAX_TUNED_ITEMS - 1
        min_count = int(np.partition(counts, first_out)[first_out]) + 1
        return {"min_count": min_count} if (counts >= min_count).any() else {}

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Estimate what a fit costs: the weights, through items or users, whichever are fewer.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, about.
        """
        n_kept = min(n_items, self.config.max_items or n_items)
        return 5e-6 * n_events + 1e-10 * n_kept**2 * min(n_users, n_kept)

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
        n_kept = min(n_items, self.config.max_items or n_items)
        return 2 * 4 * n_kept**2
