"""Scores of lists that rules rearranged: the same numbers, handed out again by rank."""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.ranked_lists import RankedLists, descend


def scores_by_rank(listed: Rows, pool: RankedLists) -> Scores:
    """Return scores for lists in a new order: those of their items, best first.

    Items that had none, such as a pin from outside, leave the last places to scores that fall on.

    Args:
        listed: lists (B, size), -1 past the end.
        pool: the method's order of all candidates.

    Returns:
        Scores (B, size), falling along each list.
    """
    n_items = np.int64(max(listed.max(initial=0), pool.items.max(initial=0)) + 1)
    first_keys = np.arange(len(listed), dtype=np.int64)[:, None] * n_items
    has_item = pool.items >= 0
    pool_keys = (first_keys + pool.items)[has_item]
    order = np.argsort(pool_keys)
    pool_scores = pool.scores[has_item][order]
    scores = _look_up(first_keys + listed, pool_keys[order], pool_scores, listed >= 0)
    # `sort` puts NaN last, here behind the lowest score.
    return descend(listed, -np.sort(-scores, axis=1))


def _look_up(
    wanted: NDArray[np.int64], keys: NDArray[np.int64], values: Scores, valid: Flags
) -> Scores:
    """Look up the values (m,) of wanted keys (B, size) among ascending keys (m,), NaN for none."""
    if not len(keys):
        return np.full(wanted.shape, np.nan, np.float32)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    is_known = valid & (keys[places] == wanted)
    return np.where(is_known, values[places], np.nan).astype(np.float32)
