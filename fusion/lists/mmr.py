"""Diversity: maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over the order of a method."""

import numpy as np

from fusion.core.arrays import Rows, Scores, blocks, center_rows
from fusion.data.categories import category_matrix
from fusion.data.dataset import Dataset
from fusion.lists.rules import Diversity
from fusion.models.base.recommender import FitContext
from fusion.models.text.encoders import encode_items

BLOCK_BYTES = 64 * 2**20


class ItemSimilarity:
    """How alike items are, from 0 to 1: cosine of text vectors, never below 0, or the share of categories in common.

    `vectors` (I, d) float32; an item without text or categories is like none. With `sets`, vectors
    are 0 and 1 and likeness is their Jaccard index.
    """

    def __init__(self, vectors: Scores, sets: bool) -> None:
        self.vectors, self.sets = vectors, sets
        self.sizes = vectors.sum(axis=1) if sets else None

    @classmethod
    def of(cls, data: Dataset, settings: Diversity, ctx: FitContext) -> "ItemSimilarity":
        """As a rule asks for it; texts are encoded, or come from the cache of vectors."""
        if settings.by != "text":
            return cls(category_matrix(data, settings.by).toarray(), sets=True)
        rows, some, _ = encode_items(data, settings.encoder, ctx)
        vectors = np.zeros((data.n_items, some.shape[1]), np.float32)
        vectors[rows] = center_rows(some)
        return cls(vectors, sets=False)

    def to(self, others: Rows, items: Rows) -> Scores:
        """Likeness (b, P) of each user's `items` (b,) to `others` (b, P)."""
        common = np.einsum("bpd,bd->bp", self.vectors[others], self.vectors[items], optimize=False)
        if self.sizes is None:
            return np.clip(common, 0, 1)
        union = self.sizes[others] + self.sizes[items][:, None] - common
        alike: Scores = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
        return alike


def rerank_mmr(items: Rows, similarity: ItemSimilarity, settings: Diversity, size: int) -> Rows:
    """Lists (B, P), best first and -1 at the end, with the next `size` of the `depth` best chosen for their difference.

    An item's relevance falls from 1 at the top by 1 / depth a rank. Chosen next is the highest (1 -
    weight) * relevance - weight * (highest likeness to an item chosen before); ties go to the
    better rank. What is not chosen follows in its order.
    """
    depth = min(settings.depth, items.shape[1])
    rows = max(1, BLOCK_BYTES // (4 * depth * max(1, similarity.vectors.shape[1])))
    parts = [
        _diversified(items[part], similarity, settings, depth, min(size, depth))
        for part in blocks(len(items), rows)
    ]
    return np.concatenate(parts) if parts else items


def _diversified(
    items: Rows, similarity: ItemSimilarity, settings: Diversity, depth: int, size: int
) -> Rows:
    pool = items[:, :depth]
    there = pool >= 0
    worth = (1 - settings.weight) * (1 - np.arange(depth, dtype=np.float32) / settings.depth)
    worth = np.where(there, worth, -np.inf)
    alike = np.zeros(pool.shape, np.float32)
    order = np.full(pool.shape, depth, np.int64)  # when each was chosen
    everyone = np.arange(len(pool))
    for step in range(size):
        value = worth - settings.weight * alike
        chosen = value.argmax(axis=1)
        open_ = value[everyone, chosen] > -np.inf
        order[everyone[open_], chosen[open_]] = step
        worth[everyone, chosen] = -np.inf
        alike = np.maximum(alike, similarity.to(pool, pool[everyone, chosen]))
    found = items.copy()
    first = np.argsort(np.where(there, order, depth + 1), axis=1, kind="stable")
    found[:, :depth] = np.take_along_axis(pool, first, axis=1)
    return found
