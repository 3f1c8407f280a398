"""Two disjoint groups of held-out items: one to choose by, one to report on."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows, Scores, normalize_rows
from fusion.core.hashing import mix, to_unit_interval
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.adaptation.settings import Taste
from fusion.models.adaptation.tastes import taste_weights
from fusion.models.mapping.item_fold import MAX_USERS, MIN_EVENTS, MIN_ITEMS, MIN_USERS
from fusion.models.mapping.ridge import ndcg_of_users

SHARES = (0.15, 0.15)
"""Part of the texts that decides, and part that only reports."""
SALT = 0x7E87
"""Stands beside the hash of a text, so that no other draw by hash takes the same ones."""


@dataclass(frozen=True)
class HeldOutGroup:
    """Items that a training never saw, and who took them.

    Attributes:
        items: (H,) positions in the table of K vectors.
        tastes: (B, K) weights of the users' newest items among the others.
        labels: (B, H) bool, what they liked of the held-out ones.
    """

    items: Rows
    tastes: csr_array
    labels: Flags

    def ndcg(self, vectors: Scores) -> NDArray[np.float64]:
        """Rank the held-out items of the group for each user.

        Args:
            vectors: (K, d) of the items.

        Returns:
            NDCG@10 (B,).
        """
        tastes = normalize_rows(self.tastes @ vectors)
        scores: Scores = tastes @ normalize_rows(vectors[self.items]).T
        return ndcg_of_users(scores, self.labels)


@dataclass(frozen=True)
class HeldOutGroups:
    """Data without the items of both groups.

    Attributes:
        known: interactions with the other items.
        choice: decides how long to train, and whether it was worth it.
        report: says what that brings.
    """

    known: Dataset
    choice: HeldOutGroup
    report: HeldOutGroup


def hold_out_groups(
    data: Dataset, items: Rows, texts: Sequence[str], taste: Taste
) -> HeldOutGroups | None:
    """Hold two groups of items out, drawn by the hash of their texts.

    By the text, not by the item: of two items with the same text one would else be learned from,
    and the other judged, as if it were new.

    Args:
        data: all that a fit may know.
        items: (K,) int32 rows of the items with a vector, ascending.
        texts: K texts.
        taste: how a user's taste is made.

    Returns:
        The groups; None where one has too few items or users to judge by.
    """
    keys = np.array([crc32(text.encode("utf-8", "surrogatepass")) for text in texts], np.uint64)
    draws = to_unit_interval(mix(keys + np.uint64(SALT << 32)))
    is_choice = draws < SHARES[0]
    is_report = ~is_choice & (draws < sum(SHARES))
    is_held_out = np.zeros(data.n_items, bool)
    is_held_out[items[is_choice | is_report]] = True
    known = data.take(~is_held_out[data.items])
    has_events = data.item_counts[items] >= MIN_EVENTS
    choice = _group(data, known, items, is_choice & has_events, taste)
    report = _group(data, known, items, is_report & has_events, taste)
    if choice is None or report is None:
        return None
    return HeldOutGroups(known, choice, report)


def _group(
    data: Dataset, known: Dataset, items: Rows, is_member: Flags, taste: Taste
) -> HeldOutGroup | None:
    """Collect who liked the members and has a taste by the known items."""
    positions = np.flatnonzero(is_member).astype(np.int32)
    column_of_item = np.full(data.n_items, -1, np.int32)
    column_of_item[items[positions]] = np.arange(len(positions), dtype=np.int32)
    columns = column_of_item[data.items]
    is_label = data.liked & (columns >= 0)
    has_label = np.bincount(data.users[is_label], minlength=data.n_users) > 0
    is_text = np.zeros(data.n_items, bool)
    is_text[items] = True
    with_text = known.take(is_text[known.items])
    rows = np.flatnonzero(has_label & (with_text.user_counts > 0)).astype(np.int32)
    if len(positions) < MIN_ITEMS or len(rows) < MIN_USERS:
        return None
    # Evenly over the rows: which users judge depends on no random number.
    rows = rows[:: -(-len(rows) // MAX_USERS)]
    users: UserHistories = known.users_at(rows, known.last_times[rows])
    weights = taste_weights(users, taste)[:, items]
    ones = np.ones(int(is_label.sum()), np.float32)
    cells = (ones, (data.users[is_label], columns[is_label]))
    labels = csr_array(cells, shape=(data.n_users, len(positions)))[rows]
    return HeldOutGroup(positions, weights, labels.toarray().astype(bool))
