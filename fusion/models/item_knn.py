"""Item neighbours: what is met by the same users."""

from typing import Literal, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from fusion.core.arrays import Scores
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.models.base.history_matrix import HistoryMatrixModel, HistorySettings, fit_profile
from fusion.models.base.item_similarity import Damping, ItemSimilarityModel, strongest
from fusion.models.base.recommender import FitContext
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import owners_of

SATURATION = 1.2
"""BM25's k1: how soon more of the same weight stops to count (Robertson & Zaragoza 2009)."""
LENGTH = 0.75
"""BM25's b: how much an item's popularity is held against it."""


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
    """Scores are the summed similarities of an item to those of the history; each item keeps its k nearest.

    Memory: the links (I, k), and one block of item x item rows while fitting.
    Source: Deshpande & Karypis, Item-Based Top-N Recommendation Algorithms, TOIS 2004.
    """

    Config = ItemKnnConfig
    reason_text = "whoever took what they took, took it too"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Multiply histories (I, U) @ (U, I) block by block and keep the nearest of each item."""
        histories = rescale(fit_profile(data, self.config), self.config.similarity)
        items = histories.T.tocsr()
        if self.config.similarity == "bm25":
            damping = Damping(
                np.zeros(data.n_items, np.float32), 1.0
            )  # BM25 has damped each weight already
        else:
            norms = np.sqrt(np.maximum(items.multiply(items).sum(axis=1), 1e-12)).astype(np.float32)
            damping = Damping(norms, self.config.shrink)

        def rows_of(part: slice) -> csr_array:
            return items[part] @ histories

        self.links_ = strongest(
            rows_of, damping, self.config.neighbours, self.block_bytes, ctx.threads
        )
        return self

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Histories and their transpose, the links, and one block of rows."""
        return 60 * n_events + 20 * n_items * self.config.neighbours + 2 * self.block_bytes


def rescale(histories: csr_array, similarity: str) -> csr_array:
    """Histories (U, I) with each user's events damped by how much the user met, and items for BM25."""
    if similarity == "cosine":
        return histories
    counts = np.diff(histories.indptr)
    damping = np.sqrt(np.log1p(histories.shape[1] / np.maximum(counts, 1))).astype(np.float32)
    damped = histories.copy()
    damped.data *= damping[owners_of(histories)]
    if similarity == "bm25":
        damped.data *= saturated(histories)
    return damped


def saturated(histories: csr_array) -> Scores:
    """BM25's factor (nnz,) of each stored weight: it falls as its item grows popular."""
    totals = np.bincount(histories.indices, histories.data, minlength=histories.shape[1])
    mean = totals.sum() / max(1, np.count_nonzero(totals))
    length = 1 - LENGTH + LENGTH * totals / max(mean, 1e-12)
    factor: Scores = (SATURATION + 1) / (SATURATION * length[histories.indices] + histories.data)
    return factor.astype(np.float32)
