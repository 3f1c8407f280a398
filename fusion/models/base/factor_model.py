"""Base of sources whose score is the product of a user's and an item's vector."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from implicit.cpu.topk import topk
from scipy.sparse import csr_matrix

from fusion.core.arrays import Flags, Rows, Scores, State, block_rows, blocks, normalize_rows
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK, best
from fusion.models.base.allowed import Allowed
from fusion.models.base.exact_sums import ExactVectors, round_for_exact_sums
from fusion.models.base.recommender import Recommender

SPARE = 16
"""Items fetched beyond those asked for, so that a tie at the end of a list shows."""
EXHAUSTED = -1e38
"""Scores below this mean that implicit's topk has run out of items."""
CELL_BYTES = 16
"""Bytes of a score in float64 on the way, in float32, and in a copy of it."""
NEWEST = 50
"""Newest items of a user that a candidate is compared with: enough for what they like now, and a
bound on the work for long histories."""


class FactorModel(Recommender):
    """A source with scores ⟨u, v⟩ of vectors rounded so that the sum is exact.

    Any kernel, block or order of adding then gives the same bits.

    A child sets `items_` (K,) int32, the rows of items that have a vector, and `vectors_` (K, F)
    float32, and writes `user_vectors`.
    """

    items_: Rows
    vectors_: Scores
    # Derived arrays beside the `vectors_` that they were made from: a new fit makes them anew.
    _rounded: tuple[Scores, ExactVectors] | None = None
    _directions: tuple[Scores, ExactVectors] | None = None

    @property
    def exact_vectors(self) -> ExactVectors:
        """Return `vectors_` as scores use them (K, F), made once."""
        cached = self._rounded
        if cached is None or cached[0] is not self.vectors_:
            cached = self._rounded = (self.vectors_, round_for_exact_sums(self.vectors_))
        return cached[1]

    @property
    def directions(self) -> ExactVectors:
        """Return `vectors_` scaled to length 1 and rounded likewise (K, F), made once."""
        cached = self._directions
        if cached is None or cached[0] is not self.vectors_:
            unit_vectors = normalize_rows(self.vectors_)
            cached = self._directions = (self.vectors_, round_for_exact_sums(unit_vectors))
        return cached[1]

    @abstractmethod
    def user_vectors(self, users: UserHistories) -> Scores:
        """Make each user's vector from the history handed over.

        Args:
            users: B users with their histories.

        Returns:
            (B, F) float32; a row of NaN for a user about whom nothing is known. A row never
            depends on the other users of the block.
        """

    def scores(self, users: UserHistories) -> Scores:
        """Score every item for every user.

        Args:
            users: B users with their histories.

        Returns:
            Products (B, I) float32; NaN for items and users without a vector.
        """
        scores = np.full((len(users), users.n_items), np.nan, np.float32)
        exact_users = round_for_exact_sums(self.user_vectors(users))
        scores[:, self.items_] = exact_users @ self.exact_vectors.T
        return scores

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Score pairs only; the same bits as in `scores`.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            Products (C,) float32.
        """
        user_vectors = self._exact_user_vectors(users)
        item_vectors = self.exact_vectors
        vector_of_item = self._vector_positions(users.n_items)
        pair_scores = np.full(len(pairs), np.nan, np.float32)
        if not len(item_vectors):
            return pair_scores
        for user in range(len(users)):
            own = slice(pairs.borders[user], pairs.borders[user + 1])
            positions = vector_of_item[pairs.items[own]]
            # Position -1 reads the last vector, which `where` throws away again.
            products = item_vectors[positions] @ user_vectors[user]
            pair_scores[own] = np.where(positions >= 0, products, np.nan)
        return pair_scores

    def history_similarity(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Compare each pair's item with the most similar of the user's `NEWEST` items.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            Cosines (C,) float32; NaN where there is no vector.
        """
        newest = users.last(NEWEST)
        vector_of_item = self._vector_positions(users.n_items)
        event_positions = vector_of_item[newest.items]
        pair_positions = vector_of_item[pairs.items]
        similarity = np.full(len(pairs), np.nan, np.float32)
        for user in range(len(users)):
            own_pairs = slice(pairs.borders[user], pairs.borders[user + 1])
            own_events = slice(newest.borders[user], newest.borders[user + 1])
            candidates = pair_positions[own_pairs]
            seen = event_positions[own_events]
            seen = seen[seen >= 0]
            if len(seen):
                # (pairs of the user, seen items); -1 as in `score_pairs`.
                cosines = self.directions[candidates] @ self.directions[seen].T
                nearest = cosines.max(axis=1)
                similarity[own_pairs] = np.where(candidates >= 0, nearest, np.nan)
        return similarity

    def state(self) -> State:
        """Return item vectors and the items they stand for."""
        return {"items": self.items_, "vectors": self.vectors_}

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
        model.vectors_ = state["vectors"]
        return model

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """Return the k best allowed items of each user.

        Args:
            users: B users with their histories.
            k: places of a list.
            allowed: items that may be listed.

        Returns:
            Items and scores (B, k); ties go to the lower item row.
        """
        user_vectors = self._exact_user_vectors(users)
        rows = block_rows(users.n_items, self.block_bytes, CELL_BYTES)
        parts = []
        for part in blocks(len(users), rows):
            parts.append(self._top_of_block(users.block(part), user_vectors[part], k, allowed))
        return TopK.concat(parts, k)

    def _vector_positions(self, n_items: int) -> Rows:
        """Return the position of each item (I,) in `items_`; -1 for items without a vector."""
        positions = np.full(n_items, -1, np.int32)
        positions[self.items_] = np.arange(len(self.items_), dtype=np.int32)
        return positions

    def _exact_user_vectors(self, users: UserHistories) -> ExactVectors:
        """Return vectors (B, F) as scores use them, once for lists and the pairs after them."""
        return users.memo((self, "vectors"), lambda: round_for_exact_sums(self.user_vectors(users)))

    def _top_of_block(
        self, users: UserHistories, user_vectors: ExactVectors, k: int, allowed: Allowed
    ) -> TopK:
        # A vector is NaN as a whole or not at all; where no item has one, it may have no width.
        is_silent: Flags = np.asarray(np.isnan(user_vectors[:, :1]).any(axis=1))
        n_fetched = min(k + SPARE, len(self.items_))
        if not n_fetched or is_silent.all():
            return best(np.full((len(users), 1), np.nan, np.float32), k)
        seen = None if allowed.seen else csr_matrix(users.seen[:, self.items_])
        forbidden = np.flatnonzero(~allowed.items[self.items_]).astype(np.int32)
        positions, products = topk(
            self.exact_vectors,
            np.where(is_silent[:, None], 0.0, user_vectors),  # NaN would spoil its heap
            n_fetched,
            filter_query_items=seen,
            filter_items=forbidden,
            num_threads=1,  # the caller already asks from as many threads as may work
        )
        nothing = (products < EXHAUSTED) | is_silent[:, None]
        values = np.where(nothing, -np.inf, products).astype(np.float32)
        top = sort_fetched(self.items_[positions], values, k)
        # The k-th score may be tied with more items than were fetched. Then only the whole row
        # tells which of them come first.
        last_listed = np.nan_to_num(top.scores[:, -1], nan=np.inf)
        ties_reach_end = values.min(axis=1) == last_listed
        cut_short: Flags = (n_fetched < len(self.items_)) & ties_reach_end
        self._redo_rows(users, cut_short, allowed, top)
        return top

    def _redo_rows(self, users: UserHistories, which: Flags, allowed: Allowed, top: TopK) -> None:
        """Replace the lists of some users, in place, by those of all their scores."""
        for row in np.flatnonzero(which):
            user = users.block(slice(row, row + 1))
            scores = self.scores(user)
            allowed.mask(scores, user)
            whole = best(scores, top.items.shape[1])
            top.items[row] = whole.items[0]
            top.scores[row] = whole.scores[0]


def sort_fetched(items: Rows, values: Scores, k: int) -> TopK:
    """Sort fetched items into lists.

    Args:
        items: (B, n) item rows in any order.
        values: (B, n) their scores; minus infinity stands for no item.
        k: places of a list.

    Returns:
        Items and scores (B, k) by falling score, then item; -1 and NaN past the end.
    """
    # The last key of lexsort sorts first.
    order = np.lexsort((items, -values), axis=1)[:, :k]
    values = np.take_along_axis(values, order, 1)
    items = np.take_along_axis(items, order, 1)
    padding = ((0, 0), (0, k - order.shape[1]))
    values = np.pad(values, padding, constant_values=-np.inf)
    items = np.pad(items, padding, constant_values=-1)
    past_end = np.isneginf(values)
    listed = np.where(past_end, -1, items).astype(np.int32)
    return TopK(listed, np.where(past_end, np.float32(np.nan), values))
