"""The ranking table of a fold in memory: candidates with features and labels, user by user."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Offsets, Rows, Scores, offsets, ragged_index
from fusion.core.hashing import shares

KEYS = ("user", "item", "label")
"""Columns of the table beside the features."""
RESAMPLE_SALT = 0x7A1E
"""Added to the seed, so that the resample is independent of everything else drawn by hash."""
MOST_REPEATS = 9
"""Times that a user may stand in a resample at most; the Poisson chance of more is 1e-7."""
POISSON = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(MOST_REPEATS)])
"""Distribution function of Poisson(1): chance of standing k times at most in a resample."""


@dataclass(frozen=True)
class RankingTable:
    """C candidates of n users, the candidates of a user next to each other.

    A user of two folds stands twice in a merged table, as two groups.

    Attributes:
        columns: names of the F features.
        group_users: user row (n,) of each group of candidates.
        sizes: number (n,) of candidates of each group, as LightGBM wants groups.
        items: item rows (C,).
        labels: 1 for a candidate that the user took in the fold's window, else 0 (C,).
        matrix: features (C, F) float32, NaN where missing.
    """

    columns: tuple[str, ...]
    group_users: Rows
    sizes: Rows
    items: Rows
    labels: Rows
    matrix: Scores

    @property
    def n_users(self) -> int:
        """Number of groups, n."""
        return len(self.sizes)

    @property
    def borders(self) -> Offsets:
        """Borders of each user's candidates (n + 1,)."""
        return offsets(self.sizes)

    @property
    def users(self) -> Rows:
        """The user (C,) of each candidate."""
        return np.repeat(self.group_users, self.sizes)

    def column(self, name: str) -> Scores:
        """Return the values (C,) of one feature.

        Args:
            name: one of `columns`.
        """
        return self.matrix[:, self.columns.index(name)]

    def take(self, groups: Flags) -> "RankingTable":
        """Return only the candidates of the users that are flagged.

        Args:
            groups: which users (n,) stay.
        """
        return self._select(np.flatnonzero(groups), np.repeat(groups, self.sizes))

    def take_indices(self, groups: NDArray[np.integer]) -> "RankingTable":
        """Return the candidates of users by index, as often as an index stands there.

        Args:
            groups: indices (m,) of users, in any order.
        """
        rows = ragged_index(self.borders[groups], self.sizes[groups].astype(np.int64))
        return self._select(groups, rows)

    def keep(self, rows: Flags) -> "RankingTable":
        """Return only the candidates that are flagged; a user of whom none is left has no group.

        Args:
            rows: which candidates (C,) stay.
        """
        owners = np.repeat(np.arange(self.n_users), self.sizes)
        sizes = np.bincount(owners[rows], minlength=self.n_users).astype(np.int32)
        left = sizes > 0
        return RankingTable(
            self.columns,
            self.group_users[left],
            sizes[left],
            self.items[rows],
            self.labels[rows],
            self.matrix[rows],
        )

    def _select(self, groups: NDArray[np.integer], rows: NDArray[np.generic]) -> "RankingTable":
        return RankingTable(
            self.columns,
            self.group_users[groups],
            self.sizes[groups],
            self.items[rows],
            self.labels[rows],
            self.matrix[rows],
        )


@dataclass(frozen=True)
class CandidateKeys:
    """The columns `KEYS` of C candidates, int32 each.

    Attributes:
        users: user rows (C,), those of a user next to each other.
        items: item rows (C,).
        labels: labels (C,).
    """

    users: Rows
    items: Rows
    labels: Rows

    @classmethod
    def concat(cls, parts: Sequence["CandidateKeys"]) -> "CandidateKeys":
        """Return the keys of all parts, one after the other.

        Args:
            parts: at least one part.
        """
        users = np.concatenate([part.users for part in parts])
        items = np.concatenate([part.items for part in parts])
        labels = np.concatenate([part.labels for part in parts])
        return cls(users, items, labels)


def poisson_resample(table: RankingTable, seed: int) -> RankingTable:
    """Draw another sample of users like the table's, with replacement, each with all candidates.

    How often a user stands in it is Poisson with mean 1, by hash of the user, so that folds that
    share users agree on them: the online bootstrap of Oza and Russell, "Online bagging and
    boosting", AISTATS 2001.

    Args:
        table: candidates of n users.
        seed: another seed is another sample.

    Returns:
        About n users in the table's order; all of them where chance drew none.
    """
    draws = shares(seed + RESAMPLE_SALT, table.group_users)
    # The inverse of the distribution function turns even draws into Poisson counts.
    repeats = np.searchsorted(POISSON, draws, side="right")
    if not repeats.any():
        return table
    chosen = np.repeat(np.arange(table.n_users), repeats)
    return table.take_indices(chosen)


def merge(tables: Sequence[RankingTable]) -> RankingTable:
    """Stack tables, fold after fold.

    Args:
        tables: at least one table, oldest first.

    Returns:
        One table with the columns of the newest; NaN where an older one lacks them.
    """
    columns = tables[-1].columns
    # Groups are stacked, not joined: a user at the border of two folds stays two groups.
    group_users = np.concatenate([table.group_users for table in tables])
    sizes = np.concatenate([table.sizes for table in tables])
    items = np.concatenate([table.items for table in tables])
    labels = np.concatenate([table.labels for table in tables])
    matrix = np.concatenate([aligned(table, columns) for table in tables])
    return RankingTable(columns, group_users, sizes, items, labels, matrix)


def aligned(table: RankingTable, columns: tuple[str, ...]) -> Scores:
    """Return the matrix of a table with exactly these columns.

    Args:
        table: candidates with their features.
        columns: names of the F features wanted.

    Returns:
        Features (C, F), NaN for those that the table lacks; its own matrix where nothing differs.
    """
    if table.columns == columns:
        return table.matrix
    matrix = np.full((len(table.items), len(columns)), np.nan, np.float32)
    for index, name in enumerate(columns):
        if name in table.columns:
            matrix[:, index] = table.column(name)
    return matrix


def group_by_user(columns: tuple[str, ...], keys: CandidateKeys, matrix: Scores) -> RankingTable:
    """Make a table of rows in which the candidates of a user stand next to each other.

    Args:
        columns: names of the F features.
        keys: user, item and label of C candidates.
        matrix: features (C, F).

    Returns:
        The table, one group for each run of rows of the same user.
    """
    # No user is numbered -2, so the first row begins a group.
    starts = np.flatnonzero(np.diff(keys.users, prepend=-2))
    sizes = np.diff(starts, append=len(keys.users)).astype(np.int32)
    return RankingTable(columns, keys.users[starts], sizes, keys.items, keys.labels, matrix)
