"""Rows that a table leaves out: who had taken items that are as if new."""

import numpy as np

from fusion.core.arrays import Offsets, Rows, Scores, contains, distinct
from fusion.data.splitting.fold import Fold


def dropped_pairs(fold: Fold) -> Offsets:
    """Return who had taken which of the items that are as if new.

    Args:
        fold: any fold.

    Returns:
        Pairs as `user * I + item`, ascending, each once.
    """
    dropped = fold.dropped
    if dropped is None:
        return np.empty(0, np.int64)
    return distinct(dropped.users.astype(np.int64) * dropped.n_items + dropped.items)


def without_pairs(
    columns: dict[str, Rows | Scores], pairs: Offsets, n_items: int
) -> dict[str, Rows | Scores]:
    """Leave out rows of some pairs, after all that compares a user's candidates was computed.

    Whoever had taken an item that is as if new would stand there as somebody who does not want it,
    although none of them could take it anew.

    Args:
        columns: of the table (C,) by name, "user" and "item" among them.
        pairs: keys, as `dropped_pairs` returns them.
        n_items: items of the catalogue, I.

    Returns:
        The columns of the other rows.
    """
    if not len(pairs):
        return columns
    keys = columns["user"].astype(np.int64) * n_items + columns["item"].astype(np.int64)
    kept = ~contains(pairs, keys)
    return {name: values[kept] for name, values in columns.items()}
