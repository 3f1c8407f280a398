"""Base of sources whose score is the product of a user's and an item's vector."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Rows, Scores, State, block_rows, blocks, normalize_rows
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK, best_cells, low_border
from fusion.models.base.allowed import Allowed
from fusion.models.base.exact_sums import ExactVectors, round_for_exact_sums
from fusion.models.base.recommender import Recommender

NearScores = NDArray[np.floating[Any]]
"""Scores in float32, or in float64 where that cannot hold them."""
ROUNDOFF = 2.0**-22
"""Four times the unit roundoff of float32."""
SMALLEST = 2.0**-125
"""What float32 may lose of a product near 0."""
LARGEST = 1e37
"""Products from which on float32 may overflow."""
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
    _narrow: tuple[Scores, tuple[Scores, float]] | None = None

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

    @property
    def _single(self) -> tuple[Scores, float]:
        """Return `exact_vectors` in float32 (K, F), which holds all their bits, and their length.

        Made once; the length is that of the longest.
        """
        cached = self._narrow
        if cached is None or cached[0] is not self.vectors_:
            narrow = self.exact_vectors.astype(np.float32)
            longest = float(np.linalg.norm(self.exact_vectors, axis=1).max(initial=0.0))
            cached = self._narrow = (self.vectors_, (narrow, longest))
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
        """Choose by products in half the bits, with all that may come first by the whole ones."""
        near, error = self._near_scores(user_vectors)
        self._mask_near(near, users, allowed)
        # At least k items reach the border, and none of those below can be better than they are.
        border = low_border(near, k) - 2 * error
        rows, positions = np.nonzero((near >= border[:, None]) & (near > -np.inf))
        values = np.empty(len(rows), np.float32)
        ends = np.searchsorted(rows, np.arange(len(users) + 1))
        for user in range(len(users)):
            own = slice(ends[user], ends[user + 1])
            values[own] = self.exact_vectors[positions[own]] @ user_vectors[user]
        return best_cells(len(users), rows, self.items_[positions], values, k)

    def _near_scores(self, user_vectors: ExactVectors) -> tuple[NearScores, NearScores]:
        """Return products (B, K) in float32, and how far each user's (B,) may be off.

        Rounded vectors have few enough bits for float32; only sums of their products are not exact
        there. The bound on a sum of F products holds in any order (Higham, Accuracy and Stability
        of Numerical Algorithms, 2002, section 3.1), with four times the unit roundoff: for the
        terms that it leaves out, and for scores that are equal once they are rounded.
        Minus infinity stands for users without a vector.
        """
        # A vector is NaN as a whole or not at all; where no item has one, it may have no width.
        is_silent: Flags = np.asarray(np.isnan(user_vectors).any(axis=1))
        known = np.where(is_silent[:, None], 0.0, user_vectors)
        lengths = np.linalg.norm(known, axis=1)
        narrow, longest = self._single
        bound = known.shape[1] * (ROUNDOFF * lengths * longest + SMALLEST)
        if not (lengths * longest < LARGEST).all():
            # Sums that float32 cannot hold: their whole products are taken.
            near: NearScores = known @ self.exact_vectors.T
            bound[:] = 0.0
        else:
            near = known.astype(np.float32) @ narrow.T
        near[is_silent] = -np.inf
        return near, bound.astype(near.dtype)

    def _mask_near(self, near: NearScores, users: UserHistories, allowed: Allowed) -> None:
        """Set products of items that may not be listed to minus infinity, in place."""
        near[:, ~allowed.items[self.items_]] = -np.inf
        if not allowed.seen:
            positions = self._vector_positions(users.n_items)[users.items]
            has_vector = positions >= 0
            near[users.owners[has_vector], positions[has_vector]] = -np.inf
