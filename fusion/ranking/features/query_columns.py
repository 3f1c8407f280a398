"""Columns made of what users wrote: how like a candidate's text is to their newest queries."""

import numpy as np

from fusion.core.arrays import DAY, Scores, blocks
from fusion.data.dataset import Dataset
from fusion.ranking.features.registry import Feature, FeatureBlock, feature_family

RECENT_QUERIES = 10
"""The user's newest texts that count as what they are after, as many as of their interactions."""
CHUNK_ROWS = 65_536
"""Candidates whose vectors are compared together."""
ALIKE = "it is like what they wrote or searched for"


@feature_family
def query_columns(data: Dataset) -> list[Feature]:
    """Declare the columns of what users wrote.

    Args:
        data: with encoded queries perhaps.

    Returns:
        Cosines of candidates with the newest ten and with the newest text, and how old that is.
    """
    if not data.queries.are_encoded:
        return []
    none: frozenset[str] = frozenset()
    return [
        Feature(
            "queries_cosine",
            "cosine of the item's text with the mean of the user's newest ten queries",
            none,
            lambda block: _cosine(block, RECENT_QUERIES),
            ALIKE,
        ),
        Feature(
            "queries_cosine_last",
            "the same with the newest query alone",
            none,
            lambda block: _cosine(block, 1),
            ALIKE,
        ),
        Feature("user_query_days", "days since the user's newest query", none, _days),
    ]


def _cosine(block: FeatureBlock, count: int) -> Scores:
    """Cosine (C,) of each candidate with its user's newest queries; NaN without either."""
    queries = block.statistics.data.queries
    users = block.candidates.users
    means = queries.newest_means(users.rows, users.as_of, count)
    cosines = np.empty(len(block.items), np.float32)
    for rows in blocks(len(cosines), CHUNK_ROWS):
        items, owners = queries.item_vectors[block.items[rows]], means[block.owners[rows]]
        cosines[rows] = np.einsum("ij,ij->i", items, owners)
        is_missing = ~items.any(axis=1) | ~owners.any(axis=1)
        cosines[rows][is_missing] = np.nan
    return cosines


def _days(block: FeatureBlock) -> Scores:
    """Days (C,) from the user's newest query to their moment; NaN for who wrote nothing."""
    users = block.candidates.users
    newest = block.statistics.data.queries.newest(users.rows, users.as_of, 1)
    has_one = np.diff(newest.borders) > 0
    days = np.full(len(users), np.nan, np.float32)
    days[has_one] = (users.as_of[has_one] - newest.times) / DAY
    return days[block.owners]
