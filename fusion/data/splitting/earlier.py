"""Whether what one fold knows is a beginning of what another one knows."""

import numpy as np

from fusion.core.arrays import ragged_index
from fusion.data.dataset import Dataset
from fusion.data.splitting.as_if_new import treat_as_new
from fusion.data.splitting.fold import Fold


def begins_from(earlier: Fold, fold: Fold) -> bool:
    """Return whether a fit on one fold may begin from that on another.

    Args:
        earlier: fold of the fit to begin from; items that are as if new in it do not count.
        fold: fold of the fit that begins.
    """
    later = fold.known
    if earlier.dropped is not None and fold.dropped is None:
        later = treat_as_new(fold, earlier.dropped.item_counts > 0).known
    return is_earlier(earlier.known, later)


def is_earlier(known: Dataset, later: Dataset) -> bool:
    """Return whether each user's history in `known` is where their history in `later` begins.

    Then nothing in `known` is news to `later`.

    Args:
        known: what a fit knows.
        later: what another fit may know.
    """
    if known.n_users != later.n_users or (known.user_counts > later.user_counts).any():
        return False
    # Both sorted by user, each history must be the first rows of the later one, column by column.
    order, _ = known.by_user
    later_order, later_borders = later.by_user
    lengths = known.user_counts.astype(np.int64)
    beginnings = later_order[ragged_index(later_borders[:-1], lengths)]
    columns = (
        (known.items, later.items),
        (known.times, later.times),
        (known.weights, later.weights),
    )
    return all(np.array_equal(one[order], other[beginnings]) for one, other in columns)
