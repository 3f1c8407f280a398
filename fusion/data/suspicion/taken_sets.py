"""What users took, as sets, and an order of users and items that no numbering changes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Times
from fusion.data.dataset import Dataset

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class TakenSets:
    """Which user took which item, repeats once.

    Attributes:
        matrix: (U, I) float32 ones.
        takers: (I,) users of each item.
        sizes: (U,) items of each user.
        begun: (U,) ms of each user's first event; the largest integer for users without any.
        user_ranks: (U,) place of each user in an order by what they did, so that neither the names
            nor the numbers of users decide anything.
        item_ranks: (I,) likewise for items.
    """

    matrix: csr_array
    takers: Floats
    sizes: Floats
    begun: Times
    user_ranks: Ints
    item_ranks: Ints

    @classmethod
    def of(cls, data: Dataset) -> "TakenSets":
        """Count once what users took.

        Args:
            data: interactions of U users with I items.

        Returns:
            The sets; for I > 0 and U > 0.
        """
        matrix = data.matrix()
        matrix.data = np.ones(matrix.nnz, np.float32)
        takers, sizes = np.asarray(matrix.sum(axis=0)), np.asarray(matrix.sum(axis=1))
        begun = np.full(data.n_users, np.iinfo(np.int64).max)
        np.minimum.at(begun, data.users, data.times)
        popularity = matrix @ takers
        activity = matrix.T @ sizes
        user_keys = (data.last_times, begun, np.round(popularity), sizes)
        item_keys = (np.round(activity), takers)
        return cls(
            matrix,
            takers.astype(np.float64),
            sizes.astype(np.float64),
            begun,
            _ranks(user_keys),
            _ranks(item_keys),
        )


def _ranks(keys: tuple[NDArray[np.generic], ...]) -> Ints:
    """Return the place of each row in an order whose last key counts most."""
    ranks = np.empty(len(keys[0]), np.int64)
    ranks[np.lexsort(keys)] = np.arange(len(ranks))
    return ranks
