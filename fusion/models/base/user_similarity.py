"""`UserSimilarityModel`: the base of sources that listen to the users whose histories resemble the one at hand."""

from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, Scores, State
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.history_matrix import (
    HistoryMatrixModel,
    HistorySettings,
    fit_profile,
    profile,
)
from fusion.models.base.recommender import FitContext
from fusion.models.base.sparse_scores import SparseScores, owners_of


class NeighbourSettings(HistorySettings):
    """Settings of sources that listen to neighbours."""

    neighbours: int = tunable(
        100, 10, 1000, log=True, description="how many of the most similar users are listened to"
    )
    shrink: float = tunable(
        1.0, 0, 50, description="added to the cosine's denominator: doubt about short histories"
    )


class UserSimilarityModel(HistoryMatrixModel, SparseScores):
    """Keeps the histories (U, I) of everyone at fit. A user scored later brings only the history handed over."""

    histories_: csr_array
    by_item_: csr_array

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep everyone's history."""
        self.histories_ = fit_profile(data, self.config)
        self._prepare()
        return self

    def _prepare(self) -> None:
        self.norms_ = norms(self.histories_)  # (U,)
        self.by_item_ = self.histories_.T.tocsr()  # (I, U)

    def similar(self, users: UserHistories, rows: Rows | None = None) -> csr_array:
        """Cosine (B, U) with everyone at fit, or those of `rows` only, but the user in person; columns in any order."""
        own = profile(users, self.config)
        found = (own @ (self.by_item_ if rows is None else self.by_item_[:, rows])).tocsr()
        if rows is not None:
            found = csr_array(
                (found.data, rows[found.indices], found.indptr),
                shape=(len(users), len(self.norms_)),
            )
        owners = owners_of(found)
        found.data /= norms(own)[owners] * self.norms_[found.indices] + np.float32(
            self.config.shrink
        )
        found.data[found.indices == users.rows[owners]] = 0.0
        found.eliminate_zeros()
        return found

    def widest(self, users: UserHistories) -> int:
        """A user may be similar to everyone."""
        return max(users.n_items, len(self.norms_))

    def state(self) -> State:
        """Everyone's history as a sparse matrix's three arrays, and its width."""
        kept = self.histories_
        width = np.array(kept.shape[1])
        return {"data": kept.data, "indices": kept.indices, "indptr": kept.indptr, "n_items": width}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model._take(state)
        return model

    def _take(self, state: State) -> None:
        shape = (len(state["indptr"]) - 1, int(state["n_items"]))
        self.histories_ = csr_array((state["data"], state["indices"], state["indptr"]), shape=shape)
        self._prepare()

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Histories, their transpose, what making them takes, and blocks of similarities."""
        return 48 * n_events + 2 * self.block_bytes


def norms(histories: csr_array) -> Scores:
    """Euclidean length (B,) of each row."""
    squares = np.bincount(
        owners_of(histories), histories.data.astype(np.float64) ** 2, minlength=histories.shape[0]
    )
    return np.sqrt(squares).astype(np.float32)
