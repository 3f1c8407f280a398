"""`FactorModel`: the base of sources whose score is the product of a user's and an item's vector."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from implicit.cpu.topk import topk
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fusion.core.arrays import Flags, Rows, Scores, State, block_rows, blocks, normalize_rows
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK, best
from fusion.models.base.recommender import Allowed, Recommender

SPARE = 16
"""How many more items than asked are fetched, so that a tie at the border shows."""
EXHAUSTED = -1e38
"""Below this, implicit's topk has run out of items."""
CELL_BYTES = 16
"""A score in float64 on the way, in float32, and a copy of it."""

NEWEST = 50
"""How many of a user's newest items a candidate is held against, to find the one it is most like.
"""

Vectors = NDArray[np.float64]


class FactorModel(Recommender):
    """Scores are ⟨u, v⟩ of vectors rounded so that the sum is exact: any kernel, block or order gives the same bits.

    A child sets `items_` (K,) int32, the rows of items that have a vector, and `vectors_` (K, F)
    float32; it says how a user's vector is made of the history handed over.
    """

    items_: Rows
    vectors_: Scores
    _rounded: tuple[Scores, Vectors] | None = None
    _directions: tuple[Scores, Vectors] | None = None

    @property
    def exact_vectors(self) -> Vectors:
        """`vectors_` as scores use them (K, F), made once."""
        rounded = self._rounded
        if rounded is None or rounded[0] is not self.vectors_:
            rounded = self._rounded = self.vectors_, summable(self.vectors_)
        return rounded[1]

    @property
    def directions(self) -> Vectors:
        """`vectors_` to length 1, rounded likewise (K, F), made once."""
        rounded = self._directions
        if rounded is None or rounded[0] is not self.vectors_:
            rounded = self._directions = self.vectors_, summable(normalize_rows(self.vectors_))
        return rounded[1]

    @abstractmethod
    def user_vectors(self, users: UserHistories) -> Scores:
        """Vectors (B, F) float32; a row of NaN for a user about whom nothing is known. A row never depends on B."""

    def scores(self, users: UserHistories) -> Scores:
        """Products (B, I); NaN for items without a vector and users without one."""
        found = np.full((len(users), users.n_items), np.nan, np.float32)
        found[:, self.items_] = summable(self.user_vectors(users)) @ self.exact_vectors.T
        return found

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Products (C,) of the pairs only; the same bits as in `scores`."""
        mine, theirs, place = self._summable(users), self.exact_vectors, self._places(users.n_items)
        found = np.full(len(pairs), np.nan, np.float32)
        for user in range(len(users)):
            own = slice(pairs.borders[user], pairs.borders[user + 1])
            places = place[pairs.items[own]]
            found[own] = np.where(places >= 0, theirs[places] @ mine[user], np.nan)
        return found

    def history_similarity(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Cosine (C,) of each pair's item to the nearest of the user's `NEWEST`; NaN where there is no vector."""
        newest, place = users.last(NEWEST), self._places(users.n_items)
        mine, theirs = place[newest.items], place[pairs.items]
        found = np.full(len(pairs), np.nan, np.float32)
        for user in range(len(users)):
            own = slice(pairs.borders[user], pairs.borders[user + 1])
            taken = mine[newest.borders[user] : newest.borders[user + 1]]
            taken = taken[taken >= 0]
            if len(taken):
                similarity = self.directions[theirs[own]] @ self.directions[taken].T
                found[own] = np.where(theirs[own] >= 0, similarity.max(axis=1), np.nan)
        return found

    def state(self) -> State:
        """Item vectors and the items they stand for."""
        return {"items": self.items_, "vectors": self.vectors_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model.items_, model.vectors_ = state["items"], state["vectors"]
        return model

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """The best k allowed items of each user; ties go to the lower item row."""
        parts, mine = [], self._summable(users)
        for part in blocks(len(users), block_rows(users.n_items, self.block_bytes, CELL_BYTES)):
            parts.append(self._top(users.block(part), mine[part], k, allowed))
        return TopK.concat(parts, k)

    def _places(self, n_items: int) -> Rows:
        """Where each item (I,) stands in `items_`; -1 where it does not."""
        place = np.full(n_items, -1, np.int32)
        place[self.items_] = np.arange(len(self.items_), dtype=np.int32)
        return place

    def _summable(self, users: UserHistories) -> Vectors:
        """The users' vectors (B, F) as scores use them; whoever asks for lists asks for pairs next."""
        return users.memo((self, "vectors"), lambda: summable(self.user_vectors(users)))

    def _top(self, users: UserHistories, mine: Vectors, k: int, allowed: Allowed) -> TopK:
        silent: Flags = np.isnan(mine[:, 0])
        n = min(k + SPARE, len(self.items_))
        if not n or silent.all():
            return best(np.full((len(users), 1), np.nan, np.float32), k)
        places, exact = topk(
            self.exact_vectors,
            np.where(silent[:, None], 0.0, mine),
            n,
            filter_query_items=None if allowed.seen else csr_matrix(users.seen[:, self.items_]),
            filter_items=np.flatnonzero(~allowed.items[self.items_]).astype(np.int32),
            num_threads=1,  # whoever asks does so from as many threads as may work
        )
        values = np.where((exact < EXHAUSTED) | silent[:, None], -np.inf, exact).astype(np.float32)
        top = in_order(self.items_[places], values, k)
        # More items may be tied with the k-th than were fetched: only looking at all of them tells
        # which come first.
        cut_short = (n < len(self.items_)) & (
            values.min(axis=1) == np.nan_to_num(top.scores[:, -1], nan=np.inf)
        )
        self._redo(users, cut_short, allowed, top)
        return top

    def _redo(self, users: UserHistories, which: Flags, allowed: Allowed, top: TopK) -> None:
        for row in np.flatnonzero(which):
            user = users.block(slice(row, row + 1))
            scores = self.scores(user)
            allowed.mask(scores, user)
            whole = best(scores, top.items.shape[1])
            top.items[row], top.scores[row] = whole.items[0], whole.scores[0]


def in_order(items: Rows, values: Scores, k: int) -> TopK:
    """Lists (B, n) sorted by value and then item, cut or padded to k; minus infinity becomes the end of the list."""
    order = np.lexsort((items, -values), axis=1)[:, :k]
    values, items = np.take_along_axis(values, order, 1), np.take_along_axis(items, order, 1)
    missing = ((0, 0), (0, k - order.shape[1]))
    values = np.pad(values, missing, constant_values=-np.inf)
    items = np.pad(items, missing, constant_values=-1)
    over = np.isneginf(values)
    return TopK(
        np.where(over, -1, items).astype(np.int32), np.where(over, np.float32(np.nan), values)
    )


def summable(vectors: Scores) -> Vectors:
    """Vectors (n, F) in float64, rounded to so few bits that a sum of F products of two of them is exact.

    A product of two b-bit numbers has 2b bits and a sum of F of them log2(F) more; float64 holds
    53. With 64 factors b is 23, as good as the float32 they came from. Each row is rounded relative
    to its own largest number.
    """
    bits = (53 - max(1, vectors.shape[1] - 1).bit_length()) // 2
    wide = vectors.astype(np.float64)
    _, exponents = np.frexp(np.abs(wide).max(axis=1, initial=0.0))
    steps = np.ldexp(1.0, exponents - bits)[:, None]
    rounded: Vectors = np.rint(wide / steps) * steps
    return rounded
