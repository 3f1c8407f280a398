"""Columns made of vectors of users: how like a user is to those who took a candidate last.

A vector of a user is an attribute without a history. Who took the item is counted strictly before
the user's own moment, and a user is never compared with themself.
"""

from functools import partial

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Scores, blocks, normalize_rows, offsets, ragged_index
from fusion.data.dataset import Dataset
from fusion.ranking.features.registry import RECENT_EVENTS, Feature, FeatureBlock, feature_family

CHUNK_ROWS = 16_384
"""Candidates whose takers are compared together."""
LIKE_TAKERS = "people like them took it of late"


@feature_family
def taker_columns(data: Dataset) -> list[Feature]:
    """Declare a column for each vectors of users.

    Args:
        data: with vectors of users perhaps.

    Returns:
        Cosines of users with the mean of those who took the candidate last.
    """
    return [
        Feature(
            name=f"takers_{name}_cosine",
            meaning=f"cosine of the user's {name} with the mean of the newest ten takers'",
            needs=frozenset(),
            compute=partial(_cosine, name),
            reason_text=LIKE_TAKERS,
        )
        for name in data.user_vectors
    ]


def _cosine(name: str, block: FeatureBlock) -> Scores:
    """Cosine (C,) of each candidate's user with its newest takers; NaN without either's vector."""
    vectors, statistics = block.statistics.data.user_vectors[name], block.statistics
    cosines = np.full(len(block.items), np.nan, np.float32)
    users = block.candidates.users.rows[block.owners]
    n_before = statistics.timeline.before(block.items, block.as_of)
    counts = np.minimum(n_before, RECENT_EVENTS)
    starts = statistics.timeline.borders[block.items] + n_before - counts
    for rows in blocks(len(cosines), CHUNK_ROWS):
        takers = statistics.takers[ragged_index(starts[rows], counts[rows])]
        is_other = takers != np.repeat(users[rows], counts[rows])
        shape = (len(counts[rows]), len(vectors))
        borders = offsets(counts[rows])
        events = csr_array((is_other.astype(np.float32), takers, borders), shape=shape)
        # Row by row, each in the order of its events: no sum depends on who else is in the block.
        means = normalize_rows(events @ vectors)
        # Of a user whom the data does not know the row is -1.
        own = np.where(users[rows, None] >= 0, vectors[users[rows]], 0)
        has_both = means.any(axis=1) & own.any(axis=1)
        cosines[rows] = np.where(has_both, np.einsum("ij,ij->i", own, means), np.nan)
    return cosines
