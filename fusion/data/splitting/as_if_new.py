"""Folds in which some items are as if new, and who had taken these."""

from dataclasses import replace

import numpy as np

from fusion.core.arrays import Flags, distinct
from fusion.data.splitting.fold import Fold


def treat_as_new(fold: Fold, items: Flags) -> Fold:
    """Take all that is known of some items out of a fold: nobody has taken them yet.

    They are in nobody's history and no source learns of them, as if their interactions had never
    been in the data. Those that the fold holds out stay labels.

    Args:
        fold: with labels.
        items: which items (I,).

    Returns:
        The fold, with their interactions in `dropped` instead of `known`.
    """
    is_dropped = items[fold.known.items]
    return replace(fold, known=fold.known.take(~is_dropped), dropped=fold.known.take(is_dropped))


def fold_of_dropped(fold: Fold) -> Fold:
    """Make a fold of the same known interactions, in which who liked a dropped item wants it.

    Args:
        fold: some items of which are as if new.

    Returns:
        The fold with the dropped likes as its labels, and no others.
    """
    dropped = fold.dropped
    assert dropped is not None
    likes = dropped.take(dropped.liked)
    pairs = distinct(likes.users.astype(np.int64) * likes.n_items + likes.items)
    users = (pairs // likes.n_items).astype(np.int32)
    items = (pairs % likes.n_items).astype(np.int32)
    may = dropped.listable(fold.cut)[items]
    return replace(fold, label_users=users[may], label_items=items[may], dropped=None)
