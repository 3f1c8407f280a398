"""Maximal marginal relevance: diversity over the order of a method.

Carbonell and Goldstein, The Use of MMR, Diversity-Based Reranking, SIGIR 1998.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows, Scores, blocks, center_rows
from fusion.data.categories import category_matrix
from fusion.data.dataset import Dataset
from fusion.lists.business_rules.rules import Diversity
from fusion.models.base.fit_context import FitContext
from fusion.models.text.encoders import encode_items

BLOCK_BYTES = 64 * 2**20
"""Memory for the vectors of a block of lists, which are gathered once for every item chosen."""


class ItemSimilarity:
    """Similarity of items, from 0 to 1, by their texts or by their categories.

    Texts are compared by the cosine of their vectors, never below 0; categories by the Jaccard
    index. An item without text or categories is similar to none.

    Attributes:
        vectors: (I, d) float32, of length 1 or 0; of categories, ones and zeros.
        set_sizes: categories of each item (I,); None for texts.
    """

    def __init__(self, vectors: Scores, sets: bool) -> None:
        """Keep the vectors.

        Args:
            vectors: (I, d) float32.
            sets: whether they are ones and zeros, to be compared by the Jaccard index.
        """
        self.vectors = vectors
        self.set_sizes = vectors.sum(axis=1) if sets else None

    @classmethod
    def of(cls, data: Dataset, settings: Diversity, ctx: FitContext) -> "ItemSimilarity":
        """Compute the similarity that a rule asks for.

        Args:
            data: items with texts or categories.
            settings: the rule.
            ctx: device and cache for encoding texts, unless the cache has their vectors.

        Returns:
            The similarity of all items.
        """
        if settings.by != "text":
            return cls(category_matrix(data, settings.by).toarray(), sets=True)
        rows, encoded, _ = encode_items(data, settings.encoder, ctx)
        vectors = np.zeros((data.n_items, encoded.shape[1]), np.float32)
        vectors[rows] = center_rows(encoded)
        return cls(vectors, sets=False)

    def to(self, others: Rows, items: Rows) -> Scores:
        """Compare one item of each user with several others.

        Args:
            others: item rows (B, P).
            items: item rows (B,).

        Returns:
            Similarities (B, P) float32.
        """
        # Without `optimize` every user's sums run in the same order, whatever the block.
        common = np.einsum("bpd,bd->bp", self.vectors[others], self.vectors[items], optimize=False)
        if self.set_sizes is None:
            return np.clip(common, 0, 1)
        union = self.set_sizes[others] + self.set_sizes[items][:, None] - common
        jaccard: Scores = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
        return jaccard


def rerank_mmr(items: Rows, similarity: ItemSimilarity, settings: Diversity, size: int) -> Rows:
    """Rerank lists so that the first items are good and unlike each other.

    An item's relevance falls from 1 at the top by 1 / depth a rank. Chosen next is the item with
    the highest (1 - weight) * relevance - weight * (highest similarity to an item chosen before);
    ties go to the better rank. What is not chosen follows in its order.

    Args:
        items: lists (B, P), best first, -1 at the end.
        similarity: of all items.
        settings: weight of similarity, and how many of the best items are looked at.
        size: how many are chosen.

    Returns:
        The same items (B, P) in another order.
    """
    depth = min(settings.depth, items.shape[1])
    row_bytes = 4 * depth * max(1, similarity.vectors.shape[1])
    block_rows = max(1, BLOCK_BYTES // row_bytes)
    reranked = [
        _rerank_block(items[block], similarity, settings, depth, min(size, depth))
        for block in blocks(len(items), block_rows)
    ]
    return np.concatenate(reranked) if reranked else items


def _rerank_block(
    items: Rows, similarity: ItemSimilarity, settings: Diversity, depth: int, size: int
) -> Rows:
    """Choose `size` of the first `depth` items of each list (B, P), one a step for all lists."""
    pool = items[:, :depth]
    filled = pool >= 0
    relevance = 1 - np.arange(depth, dtype=np.float32) / settings.depth
    # What was chosen before, and what is no item, is worth minus infinity: never chosen.
    worth = np.where(filled, (1 - settings.weight) * relevance, -np.inf)
    max_similarity = np.zeros(pool.shape, np.float32)
    never = depth
    chosen_at = np.full(pool.shape, never, np.int64)
    lists = np.arange(len(pool))
    # Similarities are computed to one chosen item a step, never between all pairs.
    for step in range(size):
        value = worth - settings.weight * max_similarity
        chosen = value.argmax(axis=1)
        any_left = value[lists, chosen] > -np.inf
        chosen_at[lists[any_left], chosen[any_left]] = step
        worth[lists, chosen] = -np.inf
        to_chosen = similarity.to(pool, pool[lists, chosen])
        max_similarity = np.maximum(max_similarity, to_chosen)
    return _ordered_by(items, np.where(filled, chosen_at, never + 1))


def _ordered_by(items: Rows, keys: NDArray[np.int64]) -> Rows:
    """Sort the first items of each list by keys (B, depth), ties as they stand."""
    depth = keys.shape[1]
    order = np.argsort(keys, axis=1, kind="stable")
    ordered = items.copy()
    ordered[:, :depth] = np.take_along_axis(items[:, :depth], order, axis=1)
    return ordered
