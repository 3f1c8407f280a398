"""Folds of held-out items inside the data of a fit, by which settings are chosen."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows, block_rows, blocks
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories

SHARE = 0.2
"""Part of the items that a fold holds out."""
ENOUGH_ITEMS = 1000
"""Held-out items of all folds together that are enough to choose by. On a few hundred the best L2
weight is more a matter of which they are than of the shop: from one fold of MovieLens latest-small
to the next it went from 1 to 30. Three folds there gave +0.010 NDCG@10 among new films over one."""
MAX_FOLDS = 3
"""Folds at most, each of which takes one more fit of the donor."""
MIN_EVENTS = 5
"""Interactions of an item that is held out, at least: rarer ones say little of who takes them."""
MIN_ITEMS = 10
"""Held-out items below which nothing is chosen by them: lists would hold all of them."""
MIN_USERS = 20
"""Users with a held-out item and a history below which nothing is chosen."""
MAX_USERS = 2000
"""Users who judge, at most: the standard error of a mean NDCG is then below 0.01."""
BLOCK_BYTES = 64 * 2**20
"""Memory of a block of users' scores."""


@dataclass(frozen=True)
class ItemFold:
    """Data without some items' interactions, and who took these items.

    Attributes:
        known: all users and items, with the interactions of the other items.
        items: (H,) rows of the held-out items.
        users: B users with histories over the other items.
        labels: (B, H) bool, held-out items that the user liked.
    """

    known: Dataset
    items: Rows
    users: UserHistories
    labels: Flags


def n_folds(n_items: int) -> int:
    """Return how many folds hold out enough items together.

    Args:
        n_items: items that may be held out.

    Returns:
        From one to `MAX_FOLDS`.
    """
    n_held_out = max(int(SHARE * n_items), 1)
    return min(-(-ENOUGH_ITEMS // n_held_out), MAX_FOLDS)


def hold_out_items(data: Dataset, has_content: Flags, rng: np.random.Generator) -> list[ItemFold]:
    """Hold fifths of the items out, drawn by chance from those with content and interactions.

    Args:
        data: all that a fit may know.
        has_content: (I,) items that can be mapped.
        rng: chooses items, and users where there are many.

    Returns:
        Folds whose held-out items are disjoint; none where there are too few items or users to
        judge by.
    """
    eligible = np.flatnonzero(has_content & (data.item_counts >= MIN_EVENTS))
    n_held_out = int(SHARE * len(eligible))
    if n_held_out < MIN_ITEMS:
        return []
    order = rng.permutation(eligible).astype(np.int32)
    folds = []
    for place in range(n_folds(len(eligible))):
        items = np.sort(order[place * n_held_out : (place + 1) * n_held_out])
        fold = _without(data, items, rng)
        if fold is not None:
            folds.append(fold)
    return folds


def _without(data: Dataset, items: Rows, rng: np.random.Generator) -> ItemFold | None:
    """Hold some items out; None where too few users liked them."""
    is_held_out = np.zeros(data.n_items, bool)
    is_held_out[items] = True
    hidden = is_held_out[data.items]
    known = data.take(~hidden)
    rows = _judging_users(data, hidden & data.liked, known, rng)
    if len(rows) < MIN_USERS:
        return None
    labels = _labels(data, hidden & data.liked, items)[rows].toarray().astype(bool)
    return ItemFold(known, items, known.users_at(rows, known.last_times[rows]), labels)


def _judging_users(
    data: Dataset, is_label: Flags, known: Dataset, rng: np.random.Generator
) -> Rows:
    """Return users with a label and a history (B,), ascending."""
    has_label = np.bincount(data.users[is_label], minlength=data.n_users) > 0
    rows = np.flatnonzero(has_label & (known.user_counts > 0))
    return np.sort(rng.permutation(rows)[:MAX_USERS]).astype(np.int32)


def _labels(data: Dataset, is_label: Flags, items: Rows) -> csr_array:
    """Return who liked which held-out item (U, H)."""
    users = data.users[is_label]
    columns = np.searchsorted(items, data.items[is_label])
    ones = np.ones(len(users), np.float32)
    return csr_array((ones, (users, columns)), shape=(data.n_users, len(items)))


def user_blocks(users: UserHistories, n_items: int) -> list[slice]:
    """Cut users into blocks whose scores fit into `BLOCK_BYTES`.

    Args:
        users: B users.
        n_items: scores of each.

    Returns:
        Slices of the users.
    """
    return list(blocks(len(users), block_rows(n_items, BLOCK_BYTES)))
