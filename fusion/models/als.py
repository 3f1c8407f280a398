"""ALS: matrix factorisation of implicit feedback."""

import logging
from typing import Self

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from pydantic import Field
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Scores
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.base.history_matrix import (
    HistoryMatrixModel,
    HistorySettings,
    fit_profile,
    item_rows_with_history,
    profile,
)
from fusion.models.base.registry import register

log = logging.getLogger(__name__)


class AlsConfig(HistorySettings):
    """Settings of `als`. A history's weight w becomes the confidence alpha * w."""

    factors: int = tunable(64, 16, 256, log=True, description="numbers in a vector")
    regularization: float = tunable(0.05, 1e-3, 1, log=True, description="L2 weight of the vectors")
    alpha: float = tunable(1.0, 0.5, 100, log=True, description="confidence of one unit of weight")
    iterations: int = Field(15, ge=1, description="passes over users and items")
    gpu: bool = Field(True, description="use a CUDA device where the run has one (experimental)")


@register("als")
class Als(HistoryMatrixModel, FactorModel):
    """Implicit-feedback matrix factorisation with scores ⟨u, v⟩.

    v is learned; u is solved for the history handed over, so known and unknown users are served
    alike.

    Hu, Koren & Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008.
    """

    Config = AlsConfig
    reason_text = "people with similar taste took it"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Learn the vectors of items that have history; `notes["device"]` says where.

        Args:
            data: all that the fold knows.
            ctx: randomness, device and threads.

        Returns:
            The source itself.
        """
        self.items_ = item_rows_with_history(data)
        histories = csr_matrix(fit_profile(data, self.config)[:, self.items_])
        seed = int(ctx.rng.integers(2**31))
        on_gpu = self.config.gpu and ctx.device == "cuda" and has_gpu()
        self.notes["device"] = "cuda" if on_gpu else "cpu"
        learn = self._learn_on_gpu if on_gpu else self._learn_on_cpu
        # implicit runs its own threads; BLAS threads inside each of them would fight for cores.
        with threadpool_limits(1, "blas"):
            self.vectors_ = learn(histories, seed, ctx.threads)
        return self

    def _learn_on_cpu(self, histories: csr_matrix, seed: int, threads: int) -> Scores:
        model = self._model(
            iterations=self.config.iterations, random_state=seed, num_threads=threads
        )
        model.fit(histories, show_progress=False)
        vectors: Scores = model.item_factors
        return vectors

    def _learn_on_gpu(self, histories: csr_matrix, seed: int, threads: int) -> Scores:
        from implicit.gpu.als import AlternatingLeastSquares as GpuAls  # noqa: PLC0415  needs CUDA

        settings = self.config
        model = GpuAls(
            factors=settings.factors,
            regularization=settings.regularization,
            alpha=settings.alpha,
            iterations=settings.iterations,
            random_state=seed,
        )
        model.fit(histories, show_progress=False)
        vectors: Scores = model.to_cpu().item_factors
        return vectors

    def _model(self, **more: int) -> AlternatingLeastSquares:
        settings = self.config
        return AlternatingLeastSquares(
            factors=settings.factors,
            regularization=settings.regularization,
            alpha=settings.alpha,
            **more,
        )

    def user_vectors(self, users: UserHistories) -> Scores:
        """Solve each user's normal equations for the history handed over.

        Args:
            users: B users with their histories.

        Returns:
            (B, F) float32; NaN for a user whose history holds no known item.
        """
        histories = profile(users, self.config)[:, self.items_]
        with threadpool_limits(1, "blas"):
            # One thread: lists are already made by as many as may work.
            model = self._model(num_threads=1)
            model.item_factors = self.vectors_
            rows = np.arange(len(users))
            vectors: Scores = model.recalculate_user(rows, csr_matrix(histories))
        is_empty = np.diff(histories.indptr) == 0
        vectors[is_empty] = np.nan
        return vectors

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Estimate what a fit costs: each pass solves for every vector.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, about.
        """
        factors = self.config.factors
        operations = 2 * n_events * factors + (n_users + n_items) * factors**2
        return 3e-9 * self.config.iterations * operations

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Histories with their transpose and copies, and vectors of both sides.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        return 48 * n_events + 8 * (n_users + n_items) * self.config.factors


def has_gpu() -> bool:
    """Tell whether implicit was built for CUDA and finds a device.

    Its absence is logged and never an error: the fit goes on on the CPU.
    """
    import implicit.gpu  # noqa: PLC0415  probes the device on import

    if not implicit.gpu.HAS_CUDA:
        log.warning("als device=cpu reason=%r", "implicit finds no CUDA device")
    return bool(implicit.gpu.HAS_CUDA)
