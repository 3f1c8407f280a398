"""`SparseScores`: the base of sources that give a user few scores, held as one sparse row and never as a dense one."""

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Offsets, Rows, Scores, block_rows, blocks
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK
from fusion.models.base.recommender import Allowed, Recommender

CELL_BYTES = 48
"""A stored score and its column, and what sorting, masking and weighing a row takes beside them."""


class SparseScores(Recommender):
    """A source that scores what it reaches from a history; everything else is silent.

    `scores`, `top` and `score_pairs` read the same sparse rows, so they agree to the last bit.
    """

    @abstractmethod
    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Scores (B, I) float32, columns in any order; what is not stored is silent. A row never depends on B."""

    def widest(self, users: UserHistories) -> int:
        """Most cells that one user can take while being scored; decides the size of a block."""
        return users.n_items

    def scores(self, users: UserHistories) -> Scores:
        """The sparse rows spread out, NaN between them."""
        return spread(self.sparse_scores(users))

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """The best k allowed items among those stored; ties go to the lower item row."""
        parts = []
        for part in self._parts(users):
            block = users.block(part)
            rows = self._rows(users, part)
            owners = owners_of(rows)
            keep = allowed.items[rows.indices] & np.isfinite(rows.data)
            if not allowed.seen:
                met = np.zeros(rows.shape, bool)
                met[block.owners, block.items] = True
                keep &= ~met[owners, rows.indices]
            borders = np.searchsorted(owners[keep], np.arange(len(block) + 1))
            parts.append(best_of_rows(borders, rows.indices[keep], rows.data[keep], k))
        return TopK.concat(parts, k)

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Look the pairs (C,) up in the sparse rows, spread out: sorting them for a search would take longer."""
        found = np.empty(len(pairs), np.float32)
        for part in self._parts(users):
            some = pairs.of_users(part)
            found[some] = spread(self._rows(users, part))[
                pairs.owners[some] - part.start, pairs.items[some]
            ]
        return found

    def _rows(self, users: UserHistories, part: slice) -> csr_array:
        """The sparse rows of a part of the users, kept as long as these: whoever asks for lists asks for pairs next."""
        return users.memo((self, part.start), lambda: self.sparse_scores(users.block(part)))

    def _parts(self, users: UserHistories) -> Iterator[slice]:
        return blocks(len(users), block_rows(self.widest(users), self.block_bytes, CELL_BYTES))


def owners_of(matrix: csr_array) -> Rows:
    """Row (nnz,) of each stored value."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))


def places(matrix: csr_array, rows: Rows, columns: Rows) -> Offsets:
    """Where cells (C,) stand among the stored values of `matrix`, whose columns are sorted; -1 where they do not."""
    width = np.int64(matrix.shape[1])
    stored = owners_of(matrix) * width + matrix.indices
    wanted = rows * width + columns
    found = np.searchsorted(stored, wanted)
    found[found == len(stored)] = -1
    found[(stored[found] != wanted) if len(stored) else slice(None)] = -1
    return found


def spread(matrix: csr_array) -> Scores:
    """A sparse matrix (B, I) as a dense one, NaN where nothing is stored."""
    found = np.full(matrix.shape, np.nan, np.float32)
    found[owners_of(matrix), matrix.indices] = matrix.data
    return found


def best_of_rows(borders: Offsets, columns: Rows, values: Scores, k: int) -> TopK:
    """The k best of each ragged row; ties go to the lower column. Values must be finite."""
    n_rows = len(borders) - 1
    top = TopK(np.full((n_rows, k), -1, np.int32), np.full((n_rows, k), np.nan, np.float32))
    for row in range(n_rows):
        of_row = slice(borders[row], borders[row + 1])
        some, where = values[of_row], columns[of_row]
        if len(some) > k:
            # Everything at or above the k-th value: more than k where it is tied, so the sort below
            # decides.
            near = some >= np.partition(some, len(some) - k)[len(some) - k]
            some, where = some[near], where[near]
        order = np.lexsort((where, -some))[:k]
        top.items[row, : len(order)] = where[order]
        top.scores[row, : len(order)] = some[order]
    return top


def keep_best(matrix: csr_array, k: int) -> csr_array:
    """Only the k highest values of each row, ties to the lower column; columns come back sorted, however they came."""
    top = best_of_rows(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, k)
    kept = top.items >= 0
    columns = np.where(kept, top.items, matrix.shape[1])
    order = np.argsort(columns, axis=1, kind="stable")
    columns, values = (
        np.take_along_axis(columns, order, 1),
        np.take_along_axis(top.scores, order, 1),
    )
    borders = np.concatenate(([0], np.cumsum(kept.sum(axis=1))))
    there = columns < matrix.shape[1]
    return csr_array((values[there], columns[there].astype(np.int32), borders), shape=matrix.shape)
