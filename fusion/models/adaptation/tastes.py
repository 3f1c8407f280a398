"""Tastes: weights of a user's newest items, and pairs of a taste and the item taken next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Offsets, Rows, Scores, offsets, ragged_index
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.adaptation.settings import Taste


def taste_weights(users: UserHistories, taste: Taste) -> csr_array:
    """Weigh each user's newest items.

    An item counts by its weight, and half as much for every `half_life` items that came after it.

    Args:
        users: B users with their histories.
        taste: how many items count, and how fast they fade.

    Returns:
        (B, I) float32.
    """
    newest = users.last(taste.last)
    ends = np.repeat(newest.borders[1:], newest.counts)
    items_after = ends - np.arange(len(newest.items)) - 1
    weights = _faded(items_after, newest.weights, taste)
    cells = (weights, newest.items, newest.borders)
    return csr_array(cells, shape=(len(users), users.n_items))


def _faded(items_after: NDArray[np.integer], weights: Scores, taste: Taste) -> Scores:
    decay = np.exp2(-items_after / taste.half_life)
    faded: Scores = (decay * np.maximum(weights, 0)).astype(np.float32)
    return faded


@dataclass(frozen=True)
class NextItems:
    """Histories of items with a text, and the events that can be predicted from those before.

    Attributes:
        items: (E,) positions of the events' items in a table of K vectors, oldest first within a
            user.
        weights: (E,) of the events.
        starts: (P,) first event that a prediction reads.
        targets: (P,) the event that is predicted, by the events from `starts` up to it.
        log_chance: (K,) log of each item's share of the targets; a share of one for items without.
    """

    items: Rows
    weights: Scores
    starts: Offsets
    targets: Offsets
    log_chance: Scores

    def __len__(self) -> int:
        return len(self.targets)

    def tastes(self, chosen: NDArray[np.integer], taste: Taste) -> csr_array:
        """Return the tastes before some targets.

        Args:
            chosen: (n,) numbers of pairs.
            taste: how fast items fade.

        Returns:
            (n, K) float32 weights of items.
        """
        starts = self.starts[chosen]
        counts = self.targets[chosen] - starts
        events = ragged_index(starts, counts)
        items_after = np.repeat(self.targets[chosen], counts) - events - 1
        weights = _faded(items_after, self.weights[events], taste)
        cells = (weights, self.items[events], offsets(counts))
        return csr_array(cells, shape=(len(chosen), len(self.log_chance)))


def next_items(data: Dataset, items: Rows, taste: Taste) -> NextItems:
    """Collect every liked event that has another one before it.

    Args:
        data: interactions to learn from.
        items: (K,) int32 rows of the items with a vector, ascending.
        taste: events that a prediction reads.

    Returns:
        The pairs.
    """
    position_of_item = np.full(data.n_items, -1, np.int32)
    position_of_item[items] = np.arange(len(items), dtype=np.int32)
    order, _ = data.by_user
    has_vector: Flags = position_of_item[data.items[order]] >= 0
    events = order[has_vector]
    borders = offsets(np.bincount(data.users[events], minlength=data.n_users))
    positions = position_of_item[data.items[events]]
    first = np.repeat(borders[:-1], np.diff(borders))
    places = np.arange(len(events))
    targets = np.flatnonzero(data.liked[events] & (places > first))
    starts = np.maximum(targets - taste.last, first[targets])
    counts = np.bincount(positions[targets], minlength=len(items))
    log_chance = np.log(np.maximum(counts, 1) / max(len(targets), 1)).astype(np.float32)
    return NextItems(positions, data.weights[events], starts, targets, log_chance)


def endless_batches(
    n_pairs: int, size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield batches of pairs, each pair once a round.

    Args:
        n_pairs: P, at least one.
        size: pairs of a batch; fewer at the end of a round.
        rng: shuffles each round.

    Yields:
        (n,) numbers of pairs.
    """
    while True:
        order = rng.permutation(n_pairs)
        for start in range(0, n_pairs, size):
            yield order[start : start + size]
