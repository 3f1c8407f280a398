"""Down-sampling: which candidates of the label folds a ranker is fitted on and validated on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fusion.core.arrays import Flags, Rows, contains
from fusion.core.hashing import shares
from fusion.data.splitting.fold import Fold
from fusion.errors import DataError
from fusion.ranking.table import RankingTable
from fusion.ranking.table_file import read_columns, read_table

HISTORY_COLUMN = "user_events"
"""Feature that is 0 for users without a history: no ranker serves them, and their labels would
teach it popularity.
"""
MIN_NEGATIVES = 30
"""Candidates beside labels that a user of the training set keeps, at least.

Rather than keep fewer, whole users are left out, since a list of labels is no list to order.
"""
MAX_NEGATIVES = 150
"""The same at most: with more a fit takes longer and gets no better."""

# Each salt is added to the seed, so that its draw is independent of the others.
TABLE_SALT = 0x3A7
"""Draws who gets a table; by the draw of who of them trains, the two shares would not multiply."""
NEGATIVES_SALT = 0x7EAC
"""Draws candidates that are no labels.

A random split draws pairs by the seed itself. What another fold holds out counts as unwanted here,
and must not be kept more often than the rest.
"""
VALIDATION_SALT = 0x3E7C
"""Draws whose whole lists validate, apart from who trains and what of theirs is kept."""


def limit_training_users(fold: Fold, max_rows: int, n_folds: int, seed: int) -> Fold:
    """Leave out users whose candidates are not worth making.

    Users without a history go, and of the others so many stay, by hash, as `max_rows` could hold
    with the fewest candidates each.

    Args:
        fold: a label fold.
        max_rows: candidates that the training set may have, of all folds together.
        n_folds: label folds that share them.
        seed: seeds the draw.

    Returns:
        The fold with the labels of the users who stay; one user at least if any has a history.
    """
    has_history = fold.known.user_counts[fold.label_rows] > 0
    users = fold.label_rows[has_history]
    fewest_rows = MIN_NEGATIVES * n_folds * max(1, len(users))
    share = max_rows / fewest_rows
    draws = shares(seed + TABLE_SALT, users)
    # However small the table, somebody is in it.
    is_lowest = draws == draws.min(initial=1.0)
    chosen = users[(draws < share) | is_lowest]
    kept = contains(chosen, fold.label_users)
    return replace(fold, label_users=fold.label_users[kept], label_items=fold.label_items[kept])


def read_training_set(folders: Sequence[Path], max_rows: int, seed: int) -> list[RankingTable]:
    """Read the candidates that a ranker is fitted on.

    Args:
        folders: tables of the label folds, oldest first (`TableFolder`).
        max_rows: candidates of all folds together, about.
        seed: seeds what is left out.

    Returns:
        One table a fold, in the same order; folds of which nothing is left are left out.

    Raises:
        DataError: no candidate of any fold is a label.
    """
    rows_of_folds = _choose_rows(_read_users(folders), max_rows, seed)
    training_set = []
    for folder, rows in zip(folders, rows_of_folds, strict=True):
        if rows.any():
            training_set.append(read_table(folder, rows))
    return training_set


def read_validation_lists(
    folders: Sequence[Path], max_rows: int, seed: int, newest: int
) -> list[RankingTable]:
    """Read whole lists of users with labels, to say when a fit should stop.

    A thinned list is no list to validate on: among fewer others its first ten places are easier,
    and another ranker is best.

    Args:
        folders: tables of the label folds, oldest first (`TableFolder`).
        max_rows: candidates of all lists together, about.
        seed: seeds the draw of users.
        newest: number of folds to read, the newest of those in `read_training_set`.

    Returns:
        One table a fold, oldest first.

    Raises:
        DataError: no candidate of any fold is a label.
    """
    folds = _read_users(folders)
    training_rows = _choose_rows(folds, max_rows, seed)
    in_training_set = [index for index, rows in enumerate(training_rows) if rows.any()]
    newest_folds = in_training_set[-newest:]
    n_candidates = sum(folds[index].n_usable_candidates for index in newest_folds)
    share = max_rows / n_candidates
    validation = []
    for index in newest_folds:
        fold = folds[index]
        is_chosen = fold.sample(share, seed + VALIDATION_SALT)
        if not is_chosen.any():
            is_chosen = fold.usable
        validation.append(read_table(folders[index], fold.rows_of(is_chosen)))
    return validation


@dataclass(frozen=True)
class _FoldUsers:
    """The users of a fold's table who may be in the training set.

    Attributes:
        table: candidates of n users.
        n_labels: labels (n,) among each user's candidates; 0 without a history.
        usable: which users (n,) have a label and a history.
    """

    table: RankingTable
    n_labels: Rows
    usable: Flags

    @classmethod
    def of(cls, table: RankingTable) -> "_FoldUsers":
        """Count the labels of each user.

        Args:
            table: candidates with the column `HISTORY_COLUMN` at least.
        """
        n_labels = _label_counts(table)
        return cls(table, n_labels, n_labels > 0)

    @property
    def n_usable_candidates(self) -> int:
        """Candidates of the usable users."""
        return int(self.table.sizes[self.usable].sum())

    def sample(self, share: float, seed: int) -> Flags:
        """Return which users (n,) are in a sample of the usable ones, by hash.

        Args:
            share: share of the usable users, about; 1 or more takes all.
            seed: seeds the draw.
        """
        draws = shares(seed, self.table.group_users)
        return self.usable & (draws < share)

    def rows_of(self, users: Flags) -> Flags:
        """Return which candidates (C,) are of flagged users.

        Args:
            users: which users (n,).
        """
        return np.repeat(users, self.table.sizes)


def _read_users(folders: Sequence[Path]) -> list[_FoldUsers]:
    """Read what says which users are usable, without the other features."""
    return [_FoldUsers.of(read_columns(folder, (HISTORY_COLUMN,))) for folder in folders]


def training_set_rows(tables: Sequence[RankingTable], max_rows: int, seed: int) -> list[Flags]:
    """Choose the candidates of each table that a ranker is fitted on.

    Users without a label among their candidates and users without a history are of no use. The
    others keep their labels and as many other candidates, by hash, as there is room for,
    `MAX_NEGATIVES` at most: a label of one more user is worth more than a user's hundredth
    candidate. Only when there is no room for `MIN_NEGATIVES` are whole users left out, by hash too.

    Args:
        tables: tables of the label folds with the column `HISTORY_COLUMN` at least.
        max_rows: candidates of all folds together, about.
        seed: seeds both draws.

    Returns:
        Which candidates (C,) of each table.

    Raises:
        DataError: no candidate of any fold is a label.
    """
    return _choose_rows([_FoldUsers.of(table) for table in tables], max_rows, seed)


def _choose_rows(folds: Sequence[_FoldUsers], max_rows: int, seed: int) -> list[Flags]:
    """Choose the candidates of each fold that a ranker is fitted on; see `training_set_rows`."""
    n_users = sum(int(fold.usable.sum()) for fold in folds)
    n_labels = sum(int(fold.n_labels.sum()) for fold in folds)
    if not n_users:
        raise DataError(
            "no source proposed any held-out item: there is nothing for a ranker to learn from; "
            "add a source to [[sources]], raise their k, or give more history"
        )
    user_share = max_rows / (n_labels + MIN_NEGATIVES * n_users)
    chosen_users = _choose_users(folds, user_share, seed)
    # Every label stays, so the others share what room the labels leave.
    room = (max_rows - n_labels) / n_users
    n_negatives = float(np.clip(room, MIN_NEGATIVES, MAX_NEGATIVES))
    rows_of_folds = []
    for fold, is_chosen in zip(folds, chosen_users, strict=True):
        rows = _labels_and_negatives(fold, n_negatives, seed)
        rows_of_folds.append(rows & fold.rows_of(is_chosen))
    return rows_of_folds


def _choose_users(folds: Sequence[_FoldUsers], share: float, seed: int) -> list[Flags]:
    """Choose about a share of the usable users of each fold, all of them where that is nobody."""
    chosen = [fold.sample(share, seed) for fold in folds]
    if any(is_chosen.any() for is_chosen in chosen):
        return chosen
    return [fold.usable for fold in folds]


def _labels_and_negatives(fold: _FoldUsers, n_negatives: float, seed: int) -> Flags:
    """Choose every label among the candidates (C,), and about so many others of each user."""
    table = fold.table
    # A user with fewer candidates than that keeps them all.
    user_share = n_negatives / np.maximum(table.sizes - fold.n_labels, 1)
    share = np.repeat(user_share, table.sizes)
    draws = shares(seed + NEGATIVES_SALT, table.users, table.items)
    chosen: Flags = (table.labels > 0) | (draws < share)
    return chosen


def _label_counts(table: RankingTable) -> Rows:
    """Count the labels (n,) among each user's candidates; those of users without a history as 0."""
    if not table.n_users:
        return table.sizes
    starts = table.borders[:-1]
    counts: Rows = np.add.reduceat(table.labels, starts)
    # The feature is the same for all candidates of a user, so their first says it.
    has_history = table.column(HISTORY_COLUMN)[starts] > 0
    return counts * has_history
