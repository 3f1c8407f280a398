"""Intra-list diversity: how unlike the items of one list are, by category and by text.

The mean of 1 - similarity over pairs of items of a list: Smyth and McClave, "Similarity vs.
diversity", ICCBR 2001; Ziegler, McNee, Konstan and Lausen, "Improving recommendation lists through
topic diversification", WWW 2005. Only pairs within lists are compared, on a sample of users.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows, blocks
from fusion.core.hashing import shares
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset

USERS = 500
"""Users of the sample, about: their mean is exact enough, and texts of few items are read."""
BLOCK = 64
"""Lists compared at once: this bounds the memory of their pairs."""
IDF_TEXTS = 10_000
"""Texts by which the weights of trigrams are estimated, evenly spaced over the catalogue."""
HASHES = 2**16
"""Columns that trigrams are hashed to."""
PairSimilarity = Callable[[csr_array, csr_array], NDArray[np.float64]]
"""Compares two equally long matrices row by row: one number in [0, 1] a row."""


def sample(users: Rows, seed: int) -> Flags:
    """Draw about `USERS` users by hash.

    Args:
        users: user rows (n,).
        seed: seeds the draw.

    Returns:
        Which of the users (n,) are in the sample; all of them where there are fewer.
    """
    share = USERS / max(1, len(users))
    return shares(seed, users) < share


def diversity(lists: Rows, features: csr_array, similarity: PairSimilarity) -> float | None:
    """Compute the mean over lists of the mean of 1 - similarity over pairs of their items.

    Args:
        lists: item rows (n, k), -1 for an empty place.
        features: features of items (I, d); an item without any is left out of its lists.
        similarity: compares the features of two items.

    Returns:
        The mean of the lists with two items that have features; None where there is none.
    """
    has_features = np.diff(features.indptr) > 0
    left_places, right_places = np.triu_indices(lists.shape[1], 1)
    means = [np.empty(0)]
    for part in blocks(len(lists), BLOCK):
        left = lists[part][:, left_places]
        right = lists[part][:, right_places]
        # An empty place (-1) reads the last item's features, so it is ruled out by itself.
        is_filled = (left >= 0) & (right >= 0)
        is_pair = is_filled & has_features[left] & has_features[right]
        left_features = features[left[is_pair]]
        right_features = features[right[is_pair]]
        distances = 1.0 - similarity(left_features, right_features)
        owners, _ = np.nonzero(is_pair)
        n_pairs = np.bincount(owners)
        has_pair = n_pairs > 0
        means.append(np.bincount(owners, distances)[has_pair] / n_pairs[has_pair])
    list_means = np.concatenate(means)
    return float(list_means.mean()) if len(list_means) else None


def jaccard(left: csr_array, right: csr_array) -> NDArray[np.float64]:
    """Compute the Jaccard similarity of sets, row by row.

    Args:
        left: sets (n, d) as rows of ones, none empty.
        right: sets (n, d) to compare them with.

    Returns:
        Size of the intersection over that of the union (n,).
    """
    in_both = np.asarray(left.multiply(right).sum(axis=1), np.float64)
    left_sizes = np.diff(left.indptr)
    right_sizes = np.diff(right.indptr)
    in_either = left_sizes + right_sizes - in_both
    return in_both / in_either


def cosine(left: csr_array, right: csr_array) -> NDArray[np.float64]:
    """Compute the cosine similarity of vectors, row by row.

    Args:
        left: vectors (n, d) of length 1 without negative numbers.
        right: vectors (n, d) to compare them with.

    Returns:
        Cosines (n,) in [0, 1].
    """
    products = np.asarray(left.multiply(right).sum(axis=1), np.float64)
    return np.clip(products, 0.0, 1.0)


@dataclass(frozen=True)
class ItemDescriptions:
    """Categories and texts of items, for comparing those of the same list.

    Attributes:
        data: the dataset with the item table.
        listed: item rows (m,), ascending and unique, that stand in any list compared: only their
            texts are read.
    """

    data: Dataset
    listed: Rows

    @cached_property
    def categories(self) -> csr_array | None:
        """Items x categories (I, K) of ones; None without categories."""
        return all_categories(self.data.item_table)

    @cached_property
    def texts(self) -> csr_array | None:
        """TF-IDF vectors of texts (I, 65536) of length 1, empty but for listed items.

        Of character trigrams, which serve languages with and without spaces alike, and need no
        model. None without texts.
        """
        if "text" not in self.data.item_table.columns or not len(self.listed):
            return None
        texts = self.data.item_table["text"].fill_null("")
        if not (texts != "").any():
            return None
        vectors = _tfidf(texts, self.listed)
        # Rows of the listed items among empty rows of all others.
        row_sizes = np.zeros(self.data.n_items + 1, np.int64)
        row_sizes[self.listed + 1] = np.diff(vectors.indptr)
        shape = (self.data.n_items, HASHES)
        return csr_array((vectors.data, vectors.indices, np.cumsum(row_sizes)), shape=shape)

    def diversity(self, lists: Rows) -> dict[str, float]:
        """Compute the diversity of lists by all that the data describes items by.

        Args:
            lists: item rows (n, k), -1 for an empty place.

        Returns:
            `category_diversity` and `text_diversity`, each where there are items to compare.
        """
        values: dict[str, float | None] = {}
        if self.categories is not None:
            values["category_diversity"] = diversity(lists, self.categories, jaccard)
        if self.texts is not None:
            values["text_diversity"] = diversity(lists, self.texts, cosine)
        return {name: value for name, value in values.items() if value is not None}


def _tfidf(texts: pl.Series, items: Rows) -> csr_array:
    """Return TF-IDF vectors (m, HASHES) of the texts of some items (m,)."""
    from sklearn.feature_extraction.text import (  # noqa: PLC0415 - slow import
        HashingVectorizer,
        TfidfTransformer,
    )

    hashing = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(3, 3),
        n_features=HASHES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    every = -(-len(texts) // IDF_TEXTS)  # rounded up
    idf_texts = texts.gather_every(every)
    tfidf = TfidfTransformer(sublinear_tf=True).fit(hashing.transform(idf_texts))
    counts = hashing.transform(texts.gather(items))
    return csr_array(tfidf.transform(counts))
