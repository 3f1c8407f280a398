"""The table of a fold in memory: candidates with features and labels, user by user."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags, Offsets, Rows, Scores, offsets, ragged_index
from fusion.core.hashing import shares

KEYS = ("user", "item", "label")
DRAWN = 0x7A1E
"""Added to the seed: who is drawn anew is drawn apart from everything else."""
POISSON = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(9)])
"""Chance of being drawn so often at most, from never on."""


@dataclass(frozen=True)
class RankingTable:
    """C candidates of n users in memory: `matrix` (C, F) float32 by `columns`, NaN where missing.

    `group_users` (n,) and `sizes` (n,): whose candidates stand there, and how many, the way
    LightGBM wants groups.
    """

    columns: tuple[str, ...]
    group_users: Rows
    sizes: Rows
    items: Rows
    labels: Rows
    matrix: Scores

    @property
    def borders(self) -> Offsets:
        """Where each user's candidates begin and end (n + 1,)."""
        return offsets(self.sizes)

    @property
    def users(self) -> Rows:
        """The user (C,) of each candidate."""
        return np.repeat(self.group_users, self.sizes)

    def take(self, groups: Flags) -> "RankingTable":
        """Only the candidates of some users (n,)."""
        rows = np.repeat(groups, self.sizes)
        return RankingTable(
            self.columns,
            self.group_users[groups],
            self.sizes[groups],
            self.items[rows],
            self.labels[rows],
            self.matrix[rows],
        )


def poisson_resample(table: RankingTable, seed: int) -> RankingTable:
    """About as many users as in `table`, drawn with replacement, each with all candidates: another sample of its kind.

    How often a user is drawn is Poisson with mean 1, by hash (Oza and Russell, AISTATS 2001), so
    that folds that share users are drawn as one.
    """
    often = np.searchsorted(POISSON, shares(seed + DRAWN, table.group_users), side="right")
    chosen = np.repeat(np.arange(len(often)), often if often.any() else 1)
    rows = ragged_index(table.borders[chosen], table.sizes[chosen].astype(np.int64))
    return RankingTable(
        table.columns,
        table.group_users[chosen],
        table.sizes[chosen],
        table.items[rows],
        table.labels[rows],
        table.matrix[rows],
    )


def merge(tables: Sequence[RankingTable]) -> RankingTable:
    """Stack tables, fold after fold; columns are those of the newest, NaN where an older one lacks them."""
    columns = tables[-1].columns
    return RankingTable(
        columns,
        np.concatenate([t.group_users for t in tables]),
        np.concatenate([t.sizes for t in tables]),
        np.concatenate([t.items for t in tables]),
        np.concatenate([t.labels for t in tables]),
        np.concatenate([aligned(t, columns) for t in tables]),
    )


def aligned(table: RankingTable, columns: tuple[str, ...]) -> Scores:
    """The matrix of a table with exactly these columns."""
    if table.columns == columns:
        return table.matrix
    found = np.full((len(table.items), len(columns)), np.nan, np.float32)
    for at, name in enumerate(columns):
        if name in table.columns:
            found[:, at] = table.matrix[:, table.columns.index(name)]
    return found


def group_by_user(columns: tuple[str, ...], keys: Sequence[Rows], matrix: Scores) -> RankingTable:
    """A table of rows (C,) of user, item and label, which stand together by user, and their features."""
    users, items, labels = keys
    starts = np.flatnonzero(np.diff(users, prepend=-2))
    return RankingTable(
        columns,
        users[starts],
        np.diff(starts, append=len(users)).astype(np.int32),
        items,
        labels,
        matrix,
    )
