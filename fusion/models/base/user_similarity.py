"""Base of sources that follow the users whose histories resemble the one at hand."""

from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, Scores, State
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
from fusion.models.base.sparse_scores import SparseScores, owners_of


class NeighbourSettings(HistorySettings):
    """Settings of sources that follow neighbours."""

    neighbours: int = tunable(
        100, 10, 1000, log=True, description="how many of the most similar users are listened to"
    )
    shrink: float = tunable(
        1.0, 0, 50, description="added to the cosine's denominator: doubt about short histories"
    )


class UserSimilarityModel(HistoryMatrixModel, SparseScores):
    """A source that keeps the histories (U, I) of everyone at the fit.

    A user scored later brings only the history handed over.
    """

    histories_: csr_array
    by_item_: csr_array
    norms_: Scores

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep everyone's history.

        Args:
            data: all that the fold knows.
            ctx: unused.

        Returns:
            The source itself.
        """
        self.histories_ = fit_profile(data, self.config)
        self._prepare()
        return self

    def _prepare(self) -> None:
        """Derive from the histories what scoring needs, after a fit and after a restore."""
        self.norms_ = row_norms(self.histories_)  # (U,)
        self.by_item_ = self.histories_.T.tocsr()  # (I, U)

    def similar(self, users: UserHistories, rows: Rows | None = None) -> csr_array:
        """Compare users with those known at the fit, each except with themselves.

        Args:
            users: B users with their histories.
            rows: users at the fit to compare with; None: everyone.

        Returns:
            Shrunk cosines (B, U), columns in any order.
        """
        own = profile(users, self.config)
        by_item = self.by_item_ if rows is None else self.by_item_[:, rows]
        # Dot products first; they become cosines in place below.
        similarity = (own @ by_item).tocsr()
        if rows is not None:
            # Back from positions in `rows` to row numbers of users.
            cells = (similarity.data, rows[similarity.indices], similarity.indptr)
            similarity = csr_array(cells, shape=(len(users), len(self.norms_)))
        owners = owners_of(similarity)
        lengths = row_norms(own)[owners] * self.norms_[similarity.indices]
        similarity.data /= lengths + np.float32(self.config.shrink)
        # Row -1 of an unknown user equals no row at the fit.
        is_self = similarity.indices == users.rows[owners]
        similarity.data[is_self] = 0.0
        similarity.eliminate_zeros()
        return similarity

    def max_row_cells(self, users: UserHistories) -> int:
        """Bound the cells of one user, who may be similar to everyone.

        Args:
            users: B users with their histories.

        Returns:
            Cells of the widest row.
        """
        return max(users.n_items, len(self.norms_))

    def state(self) -> State:
        """Return everyone's history as the three arrays of a sparse matrix, and its width."""
        histories = self.histories_
        return {
            "data": histories.data,
            "indices": histories.indices,
            "indptr": histories.indptr,
            "n_items": np.array(histories.shape[1]),
        }

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
        model._restore_histories(state)
        return model

    def _restore_histories(self, state: State) -> None:
        shape = (len(state["indptr"]) - 1, int(state["n_items"]))
        cells = (state["data"], state["indices"], state["indptr"])
        self.histories_ = csr_array(cells, shape=shape)
        self._prepare()

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Histories, their transpose, what making them takes, and blocks of similarities.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        return 48 * n_events + 2 * self.block_bytes


def row_norms(histories: csr_array) -> Scores:
    """Return the Euclidean length of each row.

    Args:
        histories: (B, I).

    Returns:
        (B,) float32, summed in float64.
    """
    squares = histories.data.astype(np.float64) ** 2
    sums = np.bincount(owners_of(histories), squares, minlength=histories.shape[0])
    return np.sqrt(sums).astype(np.float32)
