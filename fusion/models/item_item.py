"""`ItemItem`: the base of sources that keep, for each item, the few items it leads to."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array, vstack

from fusion.arrays import State, block_rows, blocks
from fusion.models.histories import profile
from fusion.models.sparse_rows import CELL_BYTES, SparseRows, keep_best
from fusion.users import Users


class ItemItem(SparseRows):
    """Scores are profile (B, I) @ links (I, I): what leads from the items of a history, summed."""

    links_: csr_array

    def profile(self, users: Users) -> csr_array:
        """How much each item (B, I) of a history counts."""
        return profile(users, self.config)

    def sparse_scores(self, users: Users) -> csr_array:
        """Sum the links of what the user met; nothing for items no link reaches."""
        found = (self.profile(users) @ self.links_).tocsr()
        found.sort_indices()
        return found

    def state(self) -> State:
        """The links as a sparse matrix's three arrays."""
        return {"data": self.links_.data, "indices": self.links_.indices, "indptr": self.links_.indptr}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        n_items = len(state["indptr"]) - 1
        model.links_ = csr_array((state["data"], state["indices"], state["indptr"]), shape=(n_items, n_items))
        return model


def strongest(rows_of: Callable[[slice], csr_array], n_items: int, k: int, budget: int) -> csr_array:
    """Links (I, I) that keep the k highest of each row; `rows_of(part)` makes some rows (b, I) at a time."""
    kept = []
    for part in blocks(n_items, block_rows(n_items, budget, CELL_BYTES)):
        rows = rows_of(part)
        rows.data[rows.indices == np.repeat(np.arange(part.start, part.stop), np.diff(rows.indptr))] = 0.0
        rows.eliminate_zeros()
        kept.append(keep_best(rows, k))
    links = csr_array(vstack(kept, format="csr"))
    links.data = links.data.astype(np.float32)
    return links
