"""Variety: how unlike the items of one list are, by category and by text, on a sample of users."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows, blocks
from fusion.core.hashing import shares
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset

USERS = 500
"""Users whose lists are looked at. Only pairs within their lists are compared, never item with item throughout."""
BLOCK = 64
"""Lists compared at once: what bounds the memory."""
TEXTS = 10_000
"""Texts by which it is told how telling a piece of text is."""
HASHES = 2**16
PairSimilarity = Callable[[csr_array, csr_array], NDArray[np.float64]]


def sample(users: Rows, seed: int) -> Flags:
    """About `USERS` of the users (n,), by hash, all of them where there are fewer."""
    return shares(seed, users) < USERS / max(1, len(users))


def diversity(lists: Rows, features: csr_array, similarity: PairSimilarity) -> float | None:
    """Mean over lists (n, k) of the mean of 1 - likeness between two of their items; None where there is no pair.

    `features` (I, d): an item without any is left out, and so is a list with fewer than two items
    that have some. `likeness` gives one number in [0, 1] a row of two equally long matrices.
    """
    described = np.diff(features.indptr) > 0
    means = []
    for part in blocks(len(lists), BLOCK):
        one, other = np.triu_indices(lists.shape[1], 1)
        left, right = lists[part][:, one], lists[part][:, other]
        owners, columns = np.nonzero(
            (left >= 0) & (right >= 0) & described[left] & described[right]
        )
        unlike = 1.0 - similarity(features[left[owners, columns]], features[right[owners, columns]])
        pairs = np.bincount(owners)
        means.append(np.bincount(owners, unlike)[pairs > 0] / pairs[pairs > 0])
    found = np.concatenate([np.empty(0), *means])
    return float(found.mean()) if len(found) else None


def jaccard(left: csr_array, right: csr_array) -> NDArray[np.float64]:
    """Share (n,) of the categories of either that both have, of rows of ones."""
    both = np.asarray(left.multiply(right).sum(axis=1), np.float64)
    either = np.diff(left.indptr) + np.diff(right.indptr) - both
    return both / either


def cosine(left: csr_array, right: csr_array) -> NDArray[np.float64]:
    """Cosines (n,) of rows of length 1 without negative numbers."""
    return np.clip(np.asarray(left.multiply(right).sum(axis=1), np.float64), 0.0, 1.0)


@dataclass(frozen=True)
class ItemDescriptions:
    """What the items' table says of items, for comparing those in the same list."""

    data: Dataset
    listed: Rows
    """Items (m,) that stand in any list looked at: only their texts are read."""

    @cached_property
    def categories(self) -> csr_array | None:
        """Items x categories (I, K) of ones; None without categories."""
        return all_categories(self.data.item_table)

    @cached_property
    def texts(self) -> csr_array | None:
        """TF-IDF (I, 65536) of character trigrams, rows of length 1, empty but for what is listed; None without texts.

        Trigrams serve languages with and without spaces alike, and need no model.
        """
        if "text" not in self.data.item_table.columns or not len(self.listed):
            return None
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer  # noqa: PLC0415 - slow import

        words = self.data.item_table["text"].fill_null("")
        if not (words != "").any():
            return None
        hashing = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(3, 3),
            n_features=HASHES,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        some = words.gather_every(-(-len(words) // TEXTS))
        weigh = TfidfTransformer(sublinear_tf=True).fit(hashing.transform(some))
        vectors = csr_array(weigh.transform(hashing.transform(words.gather(self.listed))))
        place = np.zeros(self.data.n_items + 1, np.int64)
        place[self.listed + 1] = np.diff(vectors.indptr)
        return csr_array(
            (vectors.data, vectors.indices, np.cumsum(place)), shape=(self.data.n_items, HASHES)
        )

    def diversity(self, lists: Rows) -> dict[str, float]:
        """Diversity of lists (n, k) by what the data has: `category_diversity`, `text_diversity`."""
        measures = {"category": (self.categories, jaccard), "text": (self.texts, cosine)}
        found = {
            name: diversity(lists, features, similarity)
            for name, (features, similarity) in measures.items()
            if features is not None
        }
        return {f"{name}_diversity": value for name, value in found.items() if value is not None}
