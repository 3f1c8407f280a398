"""Users of a table: their labels, and what they had taken of items that are as if new."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from fusion.core.arrays import Offsets, Rows, Scores, contains, distinct, pair_keys
from fusion.data.splitting.fold import Fold
from fusion.models.base.allowed import Allowed
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics


@dataclass(frozen=True)
class TableUsers:
    """Users whose candidates a table has. Pairs stand as `user * I + item`, ascending, each once.

    Attributes:
        fold: what is known of the users, and their moments.
        allowed: items that may be listed.
        statistics: of the items, over the fold's known interactions.
        rows: of the users (n,), ascending.
        labels: pairs of a user and a label.
        left_out: pairs that have no row: whoever had taken an item that is as if new would stand
            there as somebody who does not want it, although none of them could take it anew.
    """

    fold: Fold
    allowed: Allowed
    statistics: ItemStatistics
    rows: Rows
    labels: Offsets
    left_out: Offsets

    @classmethod
    def of(cls, fold: Fold, allowed: Allowed) -> Self:
        """Return all users of a fold who have a label.

        Args:
            fold: with labels.
            allowed: items that may be listed.
        """
        n_items, dropped = fold.known.n_items, fold.dropped
        left_out = np.empty(0, np.int64)
        if dropped is not None:
            left_out = distinct(pair_keys(dropped.users, dropped.items, dropped.n_items))
        labels = distinct(pair_keys(fold.label_users, fold.label_items, n_items))
        statistics = ItemStatistics(fold.known)
        return cls(fold, allowed, statistics, fold.label_rows, labels, left_out)

    def between(self, first: int, last: int) -> Self:
        """Return the users from one to another.

        Args:
            first: row of the first user.
            last: row of the last one.
        """
        pairs = np.array([first, last + 1], np.int64) * self.fold.known.n_items
        begin, end = np.searchsorted(self.rows, [first, last + 1])
        labels, left_out = (
            keys[slice(*np.searchsorted(keys, pairs))] for keys in (self.labels, self.left_out)
        )
        return replace(self, rows=self.rows[begin:end], labels=labels, left_out=left_out)

    def table_columns(self, candidates: Candidates) -> dict[str, Rows | Scores]:
        """Compute the rows of the table for a block of these users.

        Args:
            candidates: C candidates of the block.

        Returns:
            User, item, label and features by name, without rows that are left out.
        """
        users, items = candidates.users.rows[candidates.pairs.owners], candidates.pairs.items
        keys = pair_keys(users, items, self.fold.known.n_items)
        labels: Rows = contains(self.labels, keys).astype(np.int32)
        features = feature_columns(candidates, self.statistics)
        columns: dict[str, Rows | Scores] = {"user": users, "item": items, "label": labels}
        columns.update(features)
        if not len(self.left_out):
            return columns
        # Last, after all that compares a user's candidates.
        kept = ~contains(self.left_out, keys)
        return {name: values[kept] for name, values in columns.items()}
