"""Base of sources that give a user few scores, kept as one sparse row and never as a dense one."""

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Offsets, Rows, Scores, block_rows, blocks
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK
from fusion.models.base.allowed import Allowed
from fusion.models.base.recommender import Recommender

CELL_BYTES = 48
"""Bytes of a stored score and its column, with what sorting, masking and weighing a row takes."""


class SparseScores(Recommender):
    """A source that scores the items it reaches from a history and is silent on all others.

    `scores`, `top` and `score_pairs` read the same sparse rows, so they agree to the last bit.
    """

    @abstractmethod
    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Score the items that the source reaches.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32, columns in any order; a cell that is not stored is silent. A row
            never depends on the other users of the block.
        """

    def max_row_cells(self, users: UserHistories) -> int:
        """Bound the cells that one user can take while being scored.

        Args:
            users: B users with their histories.

        Returns:
            Cells of the widest row, which decides how many users make a block.
        """
        return users.n_items

    def scores(self, users: UserHistories) -> Scores:
        """Score every item for every user.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32; NaN where nothing is stored.
        """
        return densify(self.sparse_scores(users))

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """Return the k best allowed items of each user, among the stored ones.

        Args:
            users: B users with their histories.
            k: places of a list.
            allowed: items that may be listed.

        Returns:
            Items and scores (B, k); ties go to the lower item row.
        """
        parts = []
        for part in self._user_blocks(users):
            block = users.block(part)
            rows = self._rows(users, part)
            owners = owners_of(rows)
            keep = listable_cells(rows, owners, block, allowed)
            borders = np.searchsorted(owners[keep], np.arange(len(block) + 1))
            parts.append(top_k_of_rows(borders, rows.indices[keep], rows.data[keep], k))
        return TopK.concat(parts, k)

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Look pairs up in the sparse rows.

        The rows are made dense for it: sorting them for a search would take longer.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32; NaN where nothing is stored.
        """
        pair_scores = np.empty(len(pairs), np.float32)
        for part in self._user_blocks(users):
            in_block = pairs.of_users(part)
            owners = pairs.owners[in_block] - part.start
            dense = densify(self._rows(users, part))
            pair_scores[in_block] = dense[owners, pairs.items[in_block]]
        return pair_scores

    def _rows(self, users: UserHistories, part: slice) -> csr_array:
        """Score a part of the users, once for `top` and the `score_pairs` that follows it."""
        return users.memo((self, part.start), lambda: self.sparse_scores(users.block(part)))

    def _user_blocks(self, users: UserHistories) -> Iterator[slice]:
        rows = block_rows(self.max_row_cells(users), self.block_bytes, CELL_BYTES)
        return blocks(len(users), rows)


def listable_cells(rows: csr_array, owners: Rows, users: UserHistories, allowed: Allowed) -> Flags:
    """Flag the stored scores whose items may be listed.

    Args:
        rows: scores (B, I) of the users, nnz of them stored.
        owners: row (nnz,) of each stored score.
        users: B users with their histories.
        allowed: items that may be listed.

    Returns:
        (nnz,) bool, False also where a score is not finite.
    """
    keep: Flags = allowed.items[rows.indices] & np.isfinite(rows.data)
    if not allowed.seen:
        # Dense, since a look-up in it is one step for each stored score.
        seen = np.zeros(rows.shape, bool)
        seen[users.owners, users.items] = True
        keep &= ~seen[owners, rows.indices]
    return keep


def owners_of(matrix: csr_array) -> Rows:
    """Return the row of each stored value.

    Args:
        matrix: any sparse matrix with nnz stored values.

    Returns:
        (nnz,) int32, ascending.
    """
    return np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))


def cell_positions(matrix: csr_array, rows: Rows, columns: Rows) -> Offsets:
    """Find cells among the stored values of a matrix.

    Args:
        matrix: a sparse matrix with sorted columns.
        rows: row (C,) of each cell.
        columns: column (C,) of each cell.

    Returns:
        Position (C,) in `matrix.data`; -1 for a cell that is not stored.
    """
    # A cell as one number, row-major, so that one binary search finds all of them.
    width = np.int64(matrix.shape[1])
    stored = owners_of(matrix) * width + matrix.indices
    wanted = rows * width + columns
    positions = np.searchsorted(stored, wanted)
    if not len(stored):
        return np.full_like(positions, -1)
    positions[positions == len(stored)] = -1
    positions[stored[positions] != wanted] = -1
    return positions


def densify(matrix: csr_array) -> Scores:
    """Spread a sparse matrix out.

    Args:
        matrix: (B, I) float32.

    Returns:
        (B, I) float32, NaN where nothing is stored.
    """
    dense = np.full(matrix.shape, np.nan, np.float32)
    dense[owners_of(matrix), matrix.indices] = matrix.data
    return dense


def top_k_of_rows(borders: Offsets, columns: Rows, values: Scores, k: int) -> TopK:
    """Return the k best values of each ragged row.

    Args:
        borders: (n + 1,) borders of the n rows.
        columns: column of each value.
        values: finite values, row after row.
        k: places of a list.

    Returns:
        Columns and values (n, k); ties go to the lower column, -1 and NaN past the end.
    """
    n_rows = len(borders) - 1
    items = np.full((n_rows, k), -1, np.int32)
    scores = np.full((n_rows, k), np.nan, np.float32)
    for row in range(n_rows):
        of_row = slice(borders[row], borders[row + 1])
        row_values = values[of_row]
        row_columns = columns[of_row]
        n_values = len(row_values)
        if n_values > k:
            # Everything at or above the k-th value: more than k where it is tied, so that the
            # sort below decides.
            kth_value = np.partition(row_values, n_values - k)[n_values - k]
            near = row_values >= kth_value
            row_values = row_values[near]
            row_columns = row_columns[near]
        order = np.lexsort((row_columns, -row_values))[:k]
        items[row, : len(order)] = row_columns[order]
        scores[row, : len(order)] = row_values[order]
    return TopK(items, scores)


def keep_best(matrix: csr_array, k: int) -> csr_array:
    """Keep only the k highest values of each row.

    Args:
        matrix: (n, m) float32, columns in any order.
        k: values to keep in a row; ties go to the lower column.

    Returns:
        (n, m) float32 with sorted columns.
    """
    n_columns = matrix.shape[1]
    top = top_k_of_rows(matrix.indptr.astype(np.int64), matrix.indices, matrix.data, k)
    is_kept = top.items >= 0
    # Empty places take a column behind the last one, so that sorting moves them to the end.
    columns = np.where(is_kept, top.items, n_columns)
    order = np.argsort(columns, axis=1, kind="stable")
    columns = np.take_along_axis(columns, order, 1)
    values = np.take_along_axis(top.scores, order, 1)
    borders = np.concatenate(([0], np.cumsum(is_kept.sum(axis=1))))
    stored = columns < n_columns
    cells = (values[stored], columns[stored].astype(np.int32), borders)
    return csr_array(cells, shape=matrix.shape)
