"""Counting which items the same users like, when a run is written."""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows, Scores, blocks
from fusion.data.dataset import Dataset
from fusion.on_request.co_likes import CoLikes
from fusion.on_request.likes import likes_of_users, most_liked

NEAREST = 100
"""Covariances that are kept of each item: lists by all of them are as good."""
BLOCK = 256
"""Items whose covariances with all others are in memory at once: 40 MB of them at most."""


def count_co_likes(data: Dataset, seed: int) -> CoLikes:
    """Count how often items are liked by the same users, and keep the largest covariances of each.

    Args:
        data: what was trained on.
        seed: of the draw of users where there are many.
    """
    likes = likes_of_users(data, seed)
    items = np.sort(most_liked(likes))
    known = likes[:, items]
    shares = known.sum(axis=0) / max(known.shape[0], 1)
    by_item = known.T.tocsr()
    near, covariances = [], []
    for block in blocks(len(items), BLOCK):
        together = (by_item[block] @ known).toarray() / known.shape[0]
        rows, values = _largest(together - np.outer(shares[block], shares))
        near.append(rows)
        covariances.append(values)
    width = min(NEAREST, len(items))
    return CoLikes(
        items=items,
        shares=shares.astype(np.float32),
        near=np.concatenate([np.empty((0, width), np.int32), *near]),
        covariances=np.concatenate([np.empty((0, width), np.float32), *covariances]),
    )


def _largest(covariances: NDArray[np.float64]) -> tuple[Rows, Scores]:
    """Return the places (n, K) of the covariances (n, T) that are farthest from 0, and them."""
    n_kept = min(NEAREST, covariances.shape[1])
    places = np.argpartition(-np.abs(covariances), n_kept - 1, axis=1)[:, :n_kept]
    places.sort(axis=1)
    values = np.take_along_axis(covariances, places, axis=1)
    return places.astype(np.int32), values.astype(np.float32)
