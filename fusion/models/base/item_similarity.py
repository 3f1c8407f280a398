"""Base of sources that keep, for each item, the few items it leads to."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array, vstack

from fusion.core.arrays import Scores, State, block_rows, blocks
from fusion.data.histories import UserHistories
from fusion.models.base.history_matrix import profile
from fusion.models.base.sparse_scores import CELL_BYTES, SparseScores, keep_best


class ItemSimilarityModel(SparseScores):
    """A source with scores profile (B, I) @ links (I, I): the links of a history, summed.

    A child sets `links_` in its fit, and may override `profile`.
    """

    links_: csr_array

    def profile(self, users: UserHistories) -> csr_array:
        """Weigh the items of each history.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32.
        """
        return profile(users, self.config)

    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Sum the links of each history's items.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32; nothing is stored for items that no link reaches.
        """
        return csr_array(self.profile(users) @ self.links_)

    def state(self) -> State:
        """Return the links as the three arrays of a sparse matrix."""
        return {
            "data": self.links_.data,
            "indices": self.links_.indices,
            "indptr": self.links_.indptr,
        }

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
        n_items = len(state["indptr"]) - 1
        cells = (state["data"], state["indices"], state["indptr"])
        model.links_ = csr_array(cells, shape=(n_items, n_items))
        return model


@dataclass(frozen=True)
class Damping:
    """Denominator of a sum of co-occurrences: norms_i * norms_j + shrink.

    Attributes:
        norms: (I,) float32.
        shrink: doubt about pairs with little evidence.
    """

    norms: Scores
    shrink: float


def strongest_links(
    rows_of: Callable[[slice], csr_array],
    damping: Damping,
    k: int,
    budget_bytes: int,
    threads: int = 1,
) -> csr_array:
    """Keep the k strongest links of each item; the diagonal and zeros are left out.

    Args:
        rows_of: makes some rows (b, I) of sums, none of them negative.
        damping: what the sums are divided by.
        k: links of an item.
        budget_bytes: memory for the rows of all threads together.
        threads: blocks of rows that are made at once.

    Returns:
        Links (I, I) float32.
    """
    n_items = len(damping.norms)
    shrink = np.float32(damping.shrink)

    def _links_of(part: slice) -> csr_array:
        rows = rows_of(part)
        # Row by row, since one row stays in the processor's cache on its way through these steps.
        for row, item in enumerate(range(part.start, part.stop)):
            cells = slice(rows.indptr[row], rows.indptr[row + 1])
            columns = rows.indices[cells]
            values = rows.data[cells]
            values /= damping.norms[item] * damping.norms[columns] + shrink
            values[columns == item] = 0.0
        kept = keep_best(rows, k)
        # A row with fewer than k links above zero still holds zeros.
        kept.eliminate_zeros()
        return kept

    # Every thread holds a block of its own.
    rows_at_once = block_rows(n_items, budget_bytes // threads, CELL_BYTES)
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(_links_of, blocks(n_items, rows_at_once)))
    links = csr_array(vstack(parts, format="csr"))
    links.data = links.data.astype(np.float32)
    return links
