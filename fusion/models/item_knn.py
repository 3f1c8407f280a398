"""Item neighbours: items that appear in the same histories."""

from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from fusion.core.arrays import Scores
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.models.base.fit_context import FitContext
from fusion.models.base.history_matrix import HistoryMatrixModel, HistorySettings, fit_profile
from fusion.models.base.item_similarity import Damping, ItemSimilarityModel, strongest_links
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import owners_of

SATURATION = 1.2
"""BM25's k1: how soon more of the same weight stops to count (Robertson & Zaragoza 2009)."""
LENGTH = 0.75
"""BM25's b: how much an item's popularity counts against it (there too)."""


class ItemKnnConfig(HistorySettings):
    """Settings of `item_knn`."""

    similarity: Literal["cosine", "tfidf", "bm25"] = Field(
        "tfidf", description="cosine; tfidf damps users who met much; bm25 damps popular items too"
    )
    neighbours: int = tunable(
        50, 10, 500, log=True, description="how many neighbours an item keeps"
    )
    shrink: float = tunable(
        10.0, 0, 200, description="added to the cosine's denominator: doubt about rare items"
    )


@register("item_knn")
class ItemKnn(HistoryMatrixModel, ItemSimilarityModel):
    """Summed similarities of an item to those of the history; each item keeps its k nearest.

    Memory: the links (I, k), and one block of item x item rows while fitting.

    Deshpande & Karypis, Item-Based Top-N Recommendation Algorithms, TOIS 2004.
    """

    Config = ItemKnnConfig
    reason_text = "whoever took what they took, took it too"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Multiply histories (I, U) @ (U, I) block by block and keep the nearest of each item.

        Args:
            data: all that the fold knows.
            ctx: threads to use.

        Returns:
            The source itself.
        """
        histories = rescale(fit_profile(data, self.config), self.config.similarity)
        items = histories.T.tocsr()

        def _rows_of(part: slice) -> csr_array:
            return items[part] @ histories

        self.links_ = strongest_links(
            _rows_of, self._damping(items), self.config.neighbours, self.block_bytes, ctx.threads
        )
        return self

    def _damping(self, items: csr_array) -> Damping:
        """Return what sums of products are divided by, from the items' histories (I, U)."""
        if self.config.similarity == "bm25":
            # BM25 has damped each weight already: divide by one.
            return Damping(np.zeros(items.shape[0], np.float32), 1.0)
        squares = items.multiply(items).sum(axis=1)
        norms = np.sqrt(np.maximum(squares, 1e-12)).astype(np.float32)
        return Damping(norms, self.config.shrink)

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Histories and their transpose, the links, and one block of rows.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        links = 20 * n_items * self.config.neighbours
        return 60 * n_events + links + 2 * self.block_bytes


def rescale(histories: csr_array, similarity: str) -> csr_array:
    """Damp the events of users with long histories, and of popular items for BM25.

    Args:
        histories: (U, I) float32.
        similarity: "cosine" leaves them as they are; "tfidf" and "bm25" do not.

    Returns:
        (U, I) float32.
    """
    if similarity == "cosine":
        return histories
    n_items = histories.shape[1]
    items_of_user = np.diff(histories.indptr)
    # The idea of an inverse document frequency: a user with many items says less about each pair.
    # The root, since a pair of items multiplies it with itself.
    rarity = np.log1p(n_items / np.maximum(items_of_user, 1))
    damping = np.sqrt(rarity).astype(np.float32)
    damped = histories.copy()
    damped.data *= damping[owners_of(histories)]
    if similarity == "bm25":
        damped.data *= bm25_factors(histories)
    return damped


def bm25_factors(histories: csr_array) -> Scores:
    """Return BM25's factor of each stored weight; it falls as its item grows popular.

    Args:
        histories: (U, I) float32, nnz weights stored.

    Returns:
        (nnz,) float32.
    """
    totals = np.bincount(histories.indices, histories.data, minlength=histories.shape[1])
    mean = totals.sum() / max(1, np.count_nonzero(totals))
    length = 1 - LENGTH + LENGTH * totals / max(mean, 1e-12)
    damped_weights = SATURATION * length[histories.indices] + histories.data
    factors: Scores = (SATURATION + 1) / damped_weights
    return factors.astype(np.float32)
