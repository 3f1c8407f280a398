"""Hidden items: what is known without them, and who liked them."""

from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories

MIN_LIKES, SHARE, LAST = 5, 0.2, 20


@dataclass(frozen=True)
class ColdItems:
    """Known interactions, the hidden items, and who liked them.

    Attributes:
        known: interactions of the other items; all items are described.
        items: (H,) hidden items in an order of chance: rows are numbered by first appearance, so
            that ties in order of rows would go to those who came first.
        users: B users with their last likes of other items.
        labels: (B, H) what they liked of the hidden ones.
    """

    known: Dataset
    items: Rows
    users: UserHistories
    labels: Flags


def hide(data: Dataset, seed: int) -> ColdItems:
    """Hide a fifth of the items with enough likes, and all that happened to them.

    Args:
        data: interactions.
        seed: which items.

    Returns:
        The fold; everything about the other items is known, whenever it happened.
    """
    rng = np.random.default_rng(seed)
    eligible = np.flatnonzero(data.item_counts >= MIN_LIKES)
    items = rng.permutation(eligible)[: int(SHARE * len(eligible))].astype(np.int32)
    is_hidden = np.zeros(data.n_items, bool)
    is_hidden[items] = True
    return _cold(data, data.take(~is_hidden[data.items]), items)


def hide_after(data: Dataset, share: float) -> ColdItems:
    """Hide all that happened after a moment, and rank the items of which nothing had happened.

    Args:
        data: interactions with times.
        share: of the interactions, that which is known. The cut is the moment of the next one; what
            happened at that very moment is hidden.

    Returns:
        The fold: items whose first interaction came after the cut, users with an interaction before
        it, and as labels what these liked of those after it.
    """
    cut = int(data.times[int(share * len(data))])
    known = data.before(cut)
    items = np.flatnonzero((known.item_counts == 0) & (data.item_counts > 0)).astype(np.int32)
    return _cold(data, known, np.random.default_rng(0).permutation(items))


def _cold(data: Dataset, known: Dataset, items: Rows) -> ColdItems:
    """Collect the users who judge, and what they liked."""
    column_of_item = np.full(data.n_items, -1, np.int32)
    column_of_item[items] = np.arange(len(items), dtype=np.int32)
    columns = column_of_item[data.items]
    is_label = data.liked & (columns >= 0)
    labels = np.zeros((data.n_users, len(items)), bool)
    labels[data.users[is_label], columns[is_label]] = True
    rows = np.flatnonzero(labels.any(axis=1) & (known.user_counts > 0)).astype(np.int32)
    users = known.users_at(rows, np.full(len(rows), known.as_of)).last(LAST)
    return ColdItems(known, items, users, labels[rows])
