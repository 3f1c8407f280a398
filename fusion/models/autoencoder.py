"""Autoencoder: a user as what was taken in whatever order, squeezed into few numbers and told from them."""

from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from fusion.core.arrays import Scores, State
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.history_matrix import HistoryMatrixModel, fit_profile, profile
from fusion.models.base.recommender import FitContext, item_rows_with_history
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import owners_of
from fusion.models.base.user_similarity import norms
from fusion.models.nn.settings import AutoencoderConfig


@register("autoencoder")
class DenoisingAutoencoder(HistoryMatrixModel, FactorModel):
    """Scores are ⟨u, v⟩ with u = tanh(x A + a) of a history x scaled to length 1; A, a and V are learned.

    Trained to tell whole histories from what dropout left of them (softmax loss over items). It
    asks for no order and for no times. Without `ctx.max_steps` the number of steps is found on a
    hidden fifth of some histories, and then taken on everything. Notes: `steps`, `capped` whether
    the seconds cap fired, `capped_at` which step, `device`. Source: the Mult-DAE of Liang,
    Krishnan, Hoffman & Jebara, Variational Autoencoders for Collaborative Filtering, WWW 2018,
    without a hidden layer behind the one that makes u, so that a score stays a product.
    """

    Config = AutoencoderConfig
    slow = True
    reason_text = "it completes what they took"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Find the number of steps if it is not given, and train that many on every history of two items or more."""
        from fusion.models.nn.autoencoder_fit import fit_autoencoder  # noqa: PLC0415 - torch takes seconds to import

        self.items_ = item_rows_with_history(data)
        histories = unit_rows(fit_profile(data, self.config)[:, self.items_])
        histories = histories[np.diff(histories.indptr) > 1]
        if not histories.shape[0]:
            self.items_, none = self.items_[:0], np.empty((0, self.config.size), np.float32)
            self.vectors_, self.reads_, self.shift_ = (
                none,
                none,
                np.zeros(self.config.size, np.float32),
            )
            self.notes = {"steps": 0}
            return self
        fitted = fit_autoencoder(histories, self.config, ctx)
        self.vectors_, self.reads_, self.shift_ = fitted.items, fitted.cache_key, fitted.shift
        self.notes = fitted.notes
        return self

    def user_vectors(self, users: UserHistories) -> Scores:
        """tanh(x A + a) (B, size); NaN for histories without an item that was known."""
        histories = unit_rows(profile(users, self.config)[:, self.items_])
        # tanh by way of expit, which gives a number the same bits wherever it stands in an array
        found: Scores = (2 * expit(2 * (histories @ self.reads_ + self.shift_)) - 1).astype(
            np.float32
        )
        found[np.diff(histories.indptr) == 0] = np.nan
        return found

    def state(self) -> State:
        """What reads histories, and the items with their vectors."""
        return super().state() | {"reads": self.reads_, "shift": self.shift_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = super().restore(config, state)
        model.reads_, model.shift_ = state["reads"], state["shift"]
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Weights with Adam's two moments and gradients, histories twice, and what a step works out."""
        config: AutoencoderConfig = self.config
        return 32 * n_items * config.size + 24 * n_events + 24 * config.batch * n_items


def unit_rows(histories: csr_array) -> csr_array:
    """Histories (B, I) scaled to length 1."""
    scaled = histories.copy()
    scaled.data /= np.maximum(norms(histories), np.float32(1e-12))[owners_of(histories)]
    return scaled
