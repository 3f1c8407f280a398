"""Pairs for tests that ask about every item."""

import numpy as np

from fusion.core.arrays import offsets
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs


def all_pairs(users: UserHistories) -> Pairs:
    """Every item for every user."""
    counts = np.full(len(users), users.n_items)
    return Pairs(offsets(counts), np.tile(np.arange(users.n_items, dtype=np.int32), len(users)))
