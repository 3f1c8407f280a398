"""Blocked items by row number: what nobody may be shown, and what single users may not."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Offsets, Rows, contains, offsets
from fusion.data.dataset import Dataset

NO_BLOCKS = pl.DataFrame(schema={"item_id": pl.String, "user_id": pl.String})
"""Rows of blocked items when there is none."""


@dataclass(frozen=True)
class Blocked:
    """Blocks that hold as lists are made.

    Attributes:
        items: (I,) blocked for everyone.
        pairs: blocked for one user each, as user * I + item, ascending.
    """

    items: Flags
    pairs: Offsets

    @classmethod
    def of(cls, data: Dataset, rows: pl.DataFrame) -> "Blocked":
        """Look up blocked ids in the data.

        Args:
            data: maps ids to rows; ids that it does not have block nothing.
            rows: `item_id` and `user_id` (null: for everyone).

        Returns:
            What is blocked.
        """
        items = data.item_ids.rows(rows["item_id"])
        users = data.user_ids.rows(rows["user_id"])
        is_for_everyone = rows["user_id"].is_null().to_numpy()
        flags = np.zeros(data.n_items, bool)
        flags[items[is_for_everyone & (items >= 0)]] = True
        is_pair = (items >= 0) & (users >= 0) & ~is_for_everyone
        pairs = users[is_pair].astype(np.int64) * data.n_items + items[is_pair]
        return cls(flags, np.unique(pairs))

    def hits(self, users: Rows, items: Rows) -> Flags:
        """Mark the pairs of user and item that are blocked.

        Args:
            users: rows, of any shape.
            items: rows of the same shape; -1 is not blocked.

        Returns:
            Flags of that shape.
        """
        blocked = self.items[items]  # of -1 this is the last item's flag, which is masked below
        if len(self.pairs):
            blocked |= contains(self.pairs, users.astype(np.int64) * len(self.items) + items)
        return blocked & (items >= 0)

    def of_users(self, users: Rows) -> csr_array:
        """Return the items that are blocked for each of some users alone.

        Args:
            users: rows (B,).

        Returns:
            Matrix (B, I) of ones.
        """
        # A loop, but over few: single users are blocked from items by hand or on request.
        items_by_user = [self.of_user(int(user)) for user in users]
        borders = offsets(np.array([len(items) for items in items_by_user], np.int64))
        ones = np.ones(borders[-1], np.float32)
        items = np.concatenate([np.empty(0, np.int32), *items_by_user])
        return csr_array((ones, items, borders), shape=(len(users), len(self.items)))

    def of_user(self, user: int) -> Rows:
        """Return the items that are blocked for one user alone.

        Args:
            user: row of the user.

        Returns:
            Item rows, ascending.
        """
        n_items = len(self.items)
        # A user's pairs stand together, since the user is the leading part of each number.
        bounds = np.array([user, user + 1], np.int64) * n_items
        start, end = np.searchsorted(self.pairs, bounds)
        return (self.pairs[start:end] % n_items).astype(np.int32)
