"""`ItemSimilarityModel`: the base of sources that keep, for each item, the few items it leads to."""

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
    """Scores are profile (B, I) @ links (I, I): what leads from the items of a history, summed."""

    links_: csr_array

    def profile(self, users: UserHistories) -> csr_array:
        """How much each item (B, I) of a history counts."""
        return profile(users, self.config)

    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Sum the links of what the user met; nothing for items no link reaches."""
        return csr_array(self.profile(users) @ self.links_)

    def state(self) -> State:
        """The links as a sparse matrix's three arrays."""
        return {
            "data": self.links_.data,
            "indices": self.links_.indices,
            "indptr": self.links_.indptr,
        }

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        n_items = len(state["indptr"]) - 1
        model.links_ = csr_array(
            (state["data"], state["indices"], state["indptr"]), shape=(n_items, n_items)
        )
        return model


@dataclass(frozen=True)
class Damping:
    """What sums are divided by: norms_i * norms_j + shrink; `norms` (I,) float32."""

    norms: Scores
    shrink: float


def strongest(
    rows_of: Callable[[slice], csr_array],
    damping: Damping,
    k: int,
    budget_bytes: int,
    threads: int = 1,
) -> csr_array:
    """Links (I, I) that keep the k highest of each row, the diagonal and zeros left out.

    `rows_of(part)` makes some rows (b, I) of sums at a time, none of them negative; `threads` of
    them are made at once, within the budget together.
    """
    n_items, shrink = len(damping.norms), np.float32(damping.shrink)

    def links_of(part: slice) -> csr_array:
        rows = rows_of(part)
        # Row by row, since one row stays in the processor's cache on its way through these steps.
        for item, start, end in zip(
            range(part.start, part.stop), rows.indptr, rows.indptr[1:], strict=False
        ):
            columns, values = rows.indices[start:end], rows.data[start:end]
            values /= damping.norms[item] * damping.norms[columns] + shrink
            values[columns == item] = 0.0
        kept = keep_best(rows, k)
        kept.eliminate_zeros()
        return kept

    with ThreadPoolExecutor(threads) as pool:
        parts = blocks(n_items, block_rows(n_items, budget_bytes // threads, CELL_BYTES))
        links = csr_array(vstack(list(pool.map(links_of, parts)), format="csr"))
    links.data = links.data.astype(np.float32)
    return links
