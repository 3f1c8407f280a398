"""Base of sources whose scores are a history times one dense item x item matrix."""

from abc import abstractmethod
from bisect import bisect_right
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, Scores, State
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.models.base.recommender import Recommender


class WeightMatrixModel(Recommender):
    """A source with scores profile (B, K) @ weights (K, K), for the K items that it keeps.

    A child has the setting `max_items`, sets `items_` and `weights_` in its fit, and makes
    profiles. Items that it does not keep are silent, and so are users with none of those it keeps
    in their profile.
    """

    items_: Rows
    weights_: Scores

    @abstractmethod
    def profile(self, users: UserHistories) -> csr_array:
        """Weigh the items of each history.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32.
        """

    def scores(self, users: UserHistories) -> Scores:
        """Sum the weights of each history's items.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32; NaN for items left out of the matrix.
        """
        profiles = self._kept_profile(users)
        scores = np.full((len(users), users.n_items), np.nan, np.float32)
        scores[:, self.items_] = profiles @ self.weights_
        is_empty = np.diff(profiles.indptr) == 0
        scores[is_empty] = np.nan
        return scores

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Sum only the weights of the pairs' items.

        They are added in the order in which `scores` adds them, which gives the same bits.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32.
        """
        profiles = self._kept_profile(users)
        all_weights = self.weights_.reshape(-1)
        column_of_item = np.full(users.n_items, -1, np.int32)
        column_of_item[self.items_] = np.arange(len(self.items_), dtype=np.int32)
        pair_scores = np.full(len(pairs), np.nan, np.float32)
        for user in range(len(users)):
            events = slice(profiles.indptr[user], profiles.indptr[user + 1])
            first_pair = pairs.borders[user]
            columns = column_of_item[pairs.items[first_pair : pairs.borders[user + 1]]]
            is_kept = columns >= 0
            if events.start < events.stop and is_kept.any():
                seen = profiles.indices[events]
                row_starts = seen.astype(np.int64) * len(self.items_)
                cells = row_starts[:, None] + columns[is_kept]
                # Of one axis, and without a look for indices outside: twice as fast as two axes.
                weights = all_weights.take(cells, mode="clip")
                sums = as_row(profiles.data[events]) @ weights
                pair_scores[np.flatnonzero(is_kept) + first_pair] = sums[0]
        return pair_scores

    def items_within(self, gib: float, n_users: int, n_items: int, n_events: int) -> int:
        """Return how many of the most taken items a fit within some memory may keep.

        Args:
            gib: memory of the fit, GiB.
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            A `max_items` for the settings; 0 where not even one item fits.
        """

        def _needed(most: int) -> float:
            fewer = type(self)(self.config.model_copy(update={"max_items": most}))
            return fewer.memory_bytes(n_users, n_items, n_events) / 2**30

        return bisect_right(range(1, n_items + 1), gib, key=_needed)

    def _kept_profile(self, users: UserHistories) -> csr_array:
        return self.profile(users)[:, self.items_]

    def state(self) -> State:
        """Return weights and the items they stand for."""
        return {"items": self.items_, "weights": self.weights_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = cls(config)
        model.items_ = state["items"]
        model.weights_ = state["weights"]
        return model


def as_row(values: Scores) -> csr_array:
    """Make a sparse row of values.

    Multiplying by it adds in the same order as multiplying by the whole history matrix.

    Args:
        values: (n,) float32.

    Returns:
        (1, n).
    """
    n = len(values)
    return csr_array((values, np.arange(n, dtype=np.int32), [0, n]), shape=(1, n))


def most_taken(counts: Rows, n: int) -> Rows:
    """Return the items with the most interactions.

    Args:
        counts: (I,) interactions of each item.
        n: most items to return.

    Returns:
        Item rows int32, ascending, all with interactions; of equal counts the lower rows.
    """
    falling = np.argsort(-counts, kind="stable")[:n]
    return np.sort(falling[counts[falling] > 0]).astype(np.int32)
