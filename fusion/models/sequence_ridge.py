"""Sequence ridge: items that come next, by one regression on the newest ones."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from fusion.core.arrays import sparse
from fusion.core.settings import Settings, tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.fit_context import FitContext
from fusion.models.base.registry import register
from fusion.models.linear.closed_form import ridge_weights
from fusion.models.linear.near_pairs import (
    EVENT_BYTES,
    SUM_BYTES,
    LagWeights,
    ordered_events,
    sum_lags,
)
from fusion.models.linear.weight_matrix import WeightMatrixModel, most_taken

MAX_TUNED_ITEMS = 3000
"""Items that a search fits, the most taken ones: the work of a fit grows as the cube."""


class SequenceRidgeConfig(Settings):
    """Settings of `sequence_ridge`."""

    last: int = Field(20, ge=1, le=200, description="newest events that are read")
    half_life: float = tunable(
        3.0, 1, 12, log=True, description="events back after which an event counts half"
    )
    ahead: int = Field(
        10, ge=1, le=100, description="next events that a moment predicts; the n-th counts 1/n"
    )
    reg: float = tunable(
        100.0, 10, 1000, log=True, description="L2 weight added to the diagonal of the Gram matrix"
    )
    max_items: int = Field(
        5000, ge=1, description="the most taken items, which take part; the others stay silent"
    )


@register("sequence_ridge")
class SequenceRidge(WeightMatrixModel):
    """A ridge regression of what comes next on what came last, at every moment of every history.

    A row of S holds the newest events before a moment, halved every `half_life` events; the same
    row of T holds the next ones, the n-th as 1/n. B = (S'S + reg)^-1 S'T, and scores are S B. Rows
    of S and T are never made: two events meet in as many moments as their distance and the rest of
    the history allow, so both products are sums over pairs of near events.

    Unlike EASE's, B has no zero diagonal: an item is predicted from those before it, never from
    itself. Memory: two K x K float32 matrices for K = `max_items`.

    Nearest relative: Choi et al., Session-aware Linear Item-Item Models for Session-based
    Recommendation, WWW 2021.
    """

    Config = SequenceRidgeConfig
    reason_text = "it tends to come next after what they took last"
    needs = frozenset({"times"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Sum the products over pairs of near events, and solve.

        Args:
            data: all that the fold knows.
            ctx: threads to use.

        Returns:
            The source itself.

        Raises:
            ConfigError: `reg` is too small for the matrix to be factorised in float32.
        """
        self.items_ = most_taken(data.item_counts, self.config.max_items)
        events = ordered_events(data, self.items_)
        decay = self._decay()
        half = sum_lags(events, gram_weights(decay))
        gram = half + half.T
        del half  # two matrices at a time are all that `memory_bytes` allows for
        # Targets by sources in C order are sources by targets in LAPACK's order.
        products = sum_lags(events, target_weights(decay, self.config.ahead)).T
        with threadpool_limits(ctx.threads, "blas"):
            self.weights_ = ridge_weights(gram, products, self.config.reg)  # (K, K)
        return self

    def profile(self, users: UserHistories) -> csr_array:
        """Weigh the newest events of each history, halved every `half_life` events.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32.
        """
        recent = users.last(self.config.last)
        ends = np.repeat(recent.borders[1:], recent.counts)
        events_after = ends - np.arange(len(recent.items)) - 1
        weights = self._decay()[events_after].astype(np.float32)
        return sparse(recent.owners, recent.items, weights, (len(users), users.n_items))

    def _decay(self) -> NDArray[np.float64]:
        """Return the weight (last,) of each of the newest events, 1 for the newest."""
        decay: NDArray[np.float64] = np.exp2(-np.arange(self.config.last) / self.config.half_life)
        return decay

    def tuning_overrides(self, data: Dataset) -> dict[str, Any]:
        """Keep to the most taken items where there are more than a search has time for.

        Args:
            data: what the trials are fitted on.

        Returns:
            A lower `max_items`; nothing where that is not needed.
        """
        n_kept = min(self.config.max_items, np.count_nonzero(data.item_counts))
        return {"max_items": MAX_TUNED_ITEMS} if n_kept > MAX_TUNED_ITEMS else {}

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Estimate what a fit costs: sums over pairs of events, and a matrix solved.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, about.
        """
        n_kept = min(n_items, self.config.max_items)
        return 1e-8 * n_events * self.config.last * self.config.ahead + 1e-10 * n_kept**3

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Two matrices of the items that take part, the events, and the rows that are being summed.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        n_kept = min(n_items, self.config.max_items)
        return 2 * 4 * n_kept**2 + EVENT_BYTES * n_events + SUM_BYTES


def gram_weights(decay: NDArray[np.float64]) -> LagWeights:
    """Weigh pairs of events by the moments that have both among their newest ones.

    A moment k + 1 events after the later one adds decay[k] decay[k + lag]. There are no more
    moments than events after it, since a moment needs an event to predict.

    Args:
        decay: (L,) weight of each of the newest events.

    Returns:
        (L, L + 1); lag 0 is halved, as a matrix plus its transpose has the diagonal twice.
    """
    n = len(decay)
    weights = np.zeros((n, n + 1))
    for lag in range(n):
        sums = np.cumsum(decay[: n - lag] * decay[lag:])
        weights[lag, 1 : len(sums) + 1] = sums
        weights[lag, len(sums) + 1 :] = sums[-1]
    weights[0] /= 2
    return weights


def target_weights(decay: NDArray[np.float64], ahead: int) -> LagWeights:
    """Weigh pairs of events by the moments that read the earlier one and predict the later one.

    Args:
        decay: (L,) weight of each of the newest events.
        ahead: next events of a moment; the n-th counts 1/n.

    Returns:
        (L + ahead, 1); an event never predicts itself.
    """
    step_weights = 1.0 / np.arange(1, ahead + 1)
    return np.append(0.0, np.convolve(decay, step_weights))[:, None]
