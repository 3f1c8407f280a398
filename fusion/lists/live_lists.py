"""Lists that are shown now, by row numbers."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from fusion.core.arrays import Rows
from fusion.data.dataset import Dataset


@dataclass(frozen=True)
class LiveLists:
    """Lists of the live run by row numbers: 4 bytes a place, so that a training can carry them.

    Attributes:
        users: (m,), ascending.
        items: (m, k), best first; -1 where an id is unknown or a list ends.
    """

    users: Rows
    items: Rows

    @classmethod
    def none(cls) -> Self:
        """Return no lists, of a run that cannot be compared."""
        return cls(np.empty(0, np.int32), np.empty((0, 1), np.int32))

    def of_users(self, users: Rows) -> Rows:
        """Look up the lists of some users.

        Args:
            users: (n,).

        Returns:
            Lists (n, k); empty, -1 alone, for a user without one.
        """
        lists = np.full((len(users), self.items.shape[1]), -1, np.int32)
        if len(self.users):
            # A user past the last one would be looked up behind the end.
            places = np.minimum(np.searchsorted(self.users, users), len(self.users) - 1)
            has_list = self.users[places] == users
            lists[has_list] = self.items[places[has_list]]
        return lists

    @classmethod
    def of(cls, lists: pl.DataFrame, data: Dataset) -> Self:
        """Return lists by outside ids as lists by the row numbers of `data`.

        Args:
            lists: user_id, rank from 1, item_id; users that `data` does not know are left out.
            data: what is trained on now.

        Returns:
            The lists; without any row, those of `none`.
        """
        users, items = data.user_ids.rows(lists["user_id"]), data.item_ids.rows(lists["item_id"])
        known = users >= 0
        owners, owner_rows = np.unique(users[known], return_inverse=True)
        places = lists["rank"].to_numpy()[known] - 1
        padded = np.full((len(owners), int(places.max(initial=0)) + 1), -1, np.int32)
        padded[owner_rows, places] = items[known]
        return cls(owners.astype(np.int32), padded)
