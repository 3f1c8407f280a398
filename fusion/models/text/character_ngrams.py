"""Character n-grams as vectors, for texts that no encoder can read."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Scores, normalize_rows

N_COMPONENTS = 128
"""Length of a vector, at most: enough for titles, and small beside the vectors of the sources."""
N_HASHES = 2**16
"""Columns that n-grams are hashed to: collisions are rare, and no vocabulary need be kept."""


class NgramWeights:
    """TF-IDF of character n-grams, sparse, with the rarity that they have in given texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Measure how rare n-grams are.

        Args:
            texts: (n,) at least one.
        """
        from sklearn.feature_extraction.text import (  # noqa: PLC0415 - takes a second to import
            HashingVectorizer,
            TfidfTransformer,
        )

        self._hashing = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(1, 4),
            n_features=N_HASHES,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        self._tfidf = TfidfTransformer(sublinear_tf=True)
        # Finding n-grams takes nearly all the time, so that those measured are found once.
        counts = self._hashing.transform(texts)
        self._tfidf.fit(counts)
        self.measured = csr_array(self._tfidf.transform(counts))
        """(n, `N_HASHES`) float32: `weigh` of the texts that were measured."""

    def weigh(self, texts: Sequence[str]) -> csr_array:
        """Weigh the n-grams of texts, also of others than those measured.

        Args:
            texts: (n,) at least one.

        Returns:
            (n, `N_HASHES`) float32 with rows of unit length; 0 for a text without any n-gram.
        """
        return csr_array(self._tfidf.transform(self._hashing.transform(texts)))


class CharacterNgrams:
    """TF-IDF of character n-grams, reduced by a truncated SVD, with statistics of given texts."""

    def __init__(self, texts: Sequence[str], threads: int = 1) -> None:
        """Measure how rare n-grams are, and in which directions texts differ most.

        Args:
            texts: (n,) distinct texts, at least one.
            threads: cores to use.
        """
        from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - takes a second to import

        self._threads = threads
        self._weights = NgramWeights(texts)
        self._svd = TruncatedSVD(min(N_COMPONENTS, len(texts)), random_state=0)
        # A single text has no variance, and scikit-learn divides by it for a ratio that nobody
        # reads here.
        with threadpool_limits(threads, "blas"), np.errstate(invalid="ignore"):
            self._svd.fit(self._weights.measured)

    def encode(self, texts: Sequence[str]) -> Scores:
        """Encode texts, also others than those measured.

        Args:
            texts: (n,).

        Returns:
            Vectors (n, d) float32 of unit length, d at most `N_COMPONENTS`; 0 for a text without
            any of the n-grams.
        """
        if not len(texts):
            return np.zeros((0, len(self._svd.components_)), np.float32)
        return self._reduce(self._weights.weigh(texts))

    def encode_measured(self) -> Scores:
        """Encode the texts that were measured.

        Returns:
            As `encode` of the same texts.
        """
        return self._reduce(self._weights.measured)

    def _reduce(self, weights: csr_array) -> Scores:
        with threadpool_limits(self._threads, "blas"):
            return normalize_rows(self._svd.transform(weights).astype(np.float32))


def tfidf(texts: Sequence[str], threads: int = 1) -> Scores:
    """Encode texts by statistics of their own.

    Args:
        texts: (n,) distinct texts.
        threads: cores to use.

    Returns:
        Vectors (n, d) float32 of unit length, d at most `N_COMPONENTS`; (0, 1) without texts.
    """
    if not texts:
        return np.zeros((0, 1), np.float32)
    return CharacterNgrams(texts, threads).encode_measured()
