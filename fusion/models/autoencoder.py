"""Autoencoder: a history, whatever its order, compressed into a vector and rebuilt from it."""

from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from fusion.core.arrays import Scores, State
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.base.history_matrix import (
    HistoryMatrixModel,
    fit_profile,
    item_rows_with_history,
    profile,
)
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import owners_of
from fusion.models.base.user_similarity import row_norms
from fusion.models.nn.settings import AutoencoderConfig


@register("autoencoder")
class DenoisingAutoencoder(HistoryMatrixModel, FactorModel):
    """A denoising autoencoder of histories with scores ⟨u, v⟩.

    u = tanh(x A + a) for a history x scaled to length 1; A, a and V are learned.

    Trained to rebuild whole histories from what dropout left of them (softmax loss over items). It
    needs neither order nor times. Without `ctx.max_steps` the number of steps is found on a
    hidden fifth of some histories, and then taken on everything. Notes: `steps`, `capped` whether
    the seconds cap fired, `capped_at` which step, `device`.

    The Mult-DAE of Liang, Krishnan, Hoffman & Jebara, Variational Autoencoders for Collaborative
    Filtering, WWW 2018, without a hidden layer behind the one that makes u, so that a score stays
    a product.
    """

    Config = AutoencoderConfig
    slow = True
    extra = "neural"
    reason_text = "it completes what they took"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Find the number of steps if none is given, and train that many on every history.

        Histories of one item are left out: nothing is left of them to rebuild anything from.

        Args:
            data: all that the fold knows.
            ctx: randomness, device, budgets.

        Returns:
            The source itself.
        """
        from fusion.models.nn.autoencoder_fit import fit_autoencoder  # noqa: PLC0415  torch: slow

        self.items_ = item_rows_with_history(data)
        histories = unit_rows(fit_profile(data, self.config)[:, self.items_])
        histories = histories[np.diff(histories.indptr) > 1]
        if not histories.shape[0]:
            return self._silent()
        fitted = fit_autoencoder(histories, self.config, ctx)
        self.vectors_ = fitted.items
        self.encoder_ = fitted.input_weights
        self.shift_ = fitted.shift
        self.notes = fitted.notes
        return self

    def _silent(self) -> Self:
        """Learn nothing from data where nobody took two items: no item gets a vector."""
        nothing = np.empty((0, self.config.size), np.float32)
        self.items_ = self.items_[:0]
        self.vectors_ = nothing
        self.encoder_ = nothing
        self.shift_ = np.zeros(self.config.size, np.float32)
        self.notes = {"steps": 0}
        return self

    def user_vectors(self, users: UserHistories) -> Scores:
        """Encode each history as tanh(x A + a).

        Args:
            users: B users with their histories.

        Returns:
            (B, size) float32; NaN for histories without an item that the fit knew.
        """
        histories = unit_rows(profile(users, self.config)[:, self.items_])
        # tanh by way of expit, which gives a number the same bits wherever it stands in an array.
        encoded = histories @ self.encoder_ + self.shift_
        tanh = 2 * expit(2 * encoded) - 1
        vectors: Scores = tanh.astype(np.float32)
        is_empty = np.diff(histories.indptr) == 0
        vectors[is_empty] = np.nan
        return vectors

    def state(self) -> State:
        """Return the weights that encode histories, and the items with their vectors."""
        return super().state() | {"reads": self.encoder_, "shift": self.shift_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = super().restore(config, state)
        model.encoder_ = state["reads"]
        model.shift_ = state["shift"]
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Weights with Adam's two moments and gradients, histories twice, and what a step computes.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        config: AutoencoderConfig = self.config
        weights = 32 * n_items * config.size
        histories = 24 * n_events
        step = 24 * config.batch * n_items
        return weights + histories + step


def unit_rows(histories: csr_array) -> csr_array:
    """Scale histories to length 1.

    Args:
        histories: (B, I) float32.

    Returns:
        A scaled copy (B, I); empty rows stay empty.
    """
    scaled = histories.copy()
    lengths = np.maximum(row_norms(histories), np.float32(1e-12))
    scaled.data /= lengths[owners_of(histories)]
    return scaled
