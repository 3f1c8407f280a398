"""Character n-grams as vectors, for texts that no sentence model can read."""

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Scores, normalize_rows

N_COMPONENTS = 128
"""Length of a vector, at most: enough for titles, and small beside the vectors of the sources."""
N_HASHES = 2**16
"""Columns that n-grams are hashed to: collisions are rare, and no vocabulary need be kept."""


def tfidf(texts: Sequence[str], threads: int = 1) -> Scores:
    """Encode texts by TF-IDF of their character n-grams, reduced by a truncated SVD.

    Args:
        texts: (n,) distinct texts.
        threads: cores to use.

    Returns:
        Vectors (n, d) float32 of unit length, d at most `N_COMPONENTS`; (0, 1) without texts.
    """
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - takes a second to import
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer  # noqa: PLC0415

    if not texts:
        return np.zeros((0, 1), np.float32)
    hashing = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(1, 4),
        n_features=N_HASHES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    counts = hashing.transform(texts)
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    svd = TruncatedSVD(min(N_COMPONENTS, len(texts)), random_state=0)
    # A single text has no variance, and scikit-learn divides by it for a ratio that nobody reads
    # here.
    with threadpool_limits(threads, "blas"), np.errstate(invalid="ignore"):
        reduced = svd.fit_transform(weights).astype(np.float32)
        return normalize_rows(reduced)
