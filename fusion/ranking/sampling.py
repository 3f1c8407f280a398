"""Teaching: which candidates of the label folds a ranker learns from and which decide when it stops, read alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fusion.core.arrays import Flags, Rows, contains
from fusion.core.hashing import shares
from fusion.data.fold import Fold
from fusion.errors import DataError
from fusion.ranking.table import RankingTable
from fusion.ranking.table_file import read_columns, read_table

HISTORY = "user_events"
"""Column that is 0 for users without a history: no ranker serves them, and they would teach it popularity."""
MAX_CANDIDATES_PER_ROW = 0x3A7
"""Added to the seed: who gets a table is drawn apart from who of those teaches, or the two would not multiply."""
OTHER_DRAW = 0x7EAC
"""Added to the seed: a random split draws pairs by the seed itself, and what another fold holds out must not be kept
more often than the rest, since it stands here as what nobody wants.
"""
WATCH_DRAW = 0x3E7C
"""Added to the seed: whose whole lists are watched is drawn apart from who teaches and what of theirs is kept."""
LEAST, MOST = 30, 150
"""Candidates beside labels that a user keeps: with more the ranker learns longer and no better; before there are fewer,
whole users are left out, since a list of labels is no list.
"""


def limit_training_users(fold: Fold, max_rows: int, n_folds: int, seed: int) -> Fold:
    """A label fold with the labels of those users only whose candidates are worth making.

    They have a history, and are drawn by hash to be no more than `max_rows` could hold: each would
    keep 30 candidates.
    """
    users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
    chance = max_rows / (LEAST * n_folds * max(1, len(users)))
    draws = shares(seed + MAX_CANDIDATES_PER_ROW, users)
    kept = contains(users[(draws < chance) | (draws == draws.min(initial=1.0))], fold.label_users)
    return replace(fold, label_users=fold.label_users[kept], label_items=fold.label_items[kept])


def read_training_set(folders: Sequence[Path], max_rows: int, seed: int) -> list[RankingTable]:
    """What teaches of the tables of folds, oldest first, folds without anything left out.

    Raises DataError when no candidate of any fold is a label.
    """
    rows = training_set_rows(
        [read_columns(folder, (HISTORY,)) for folder in folders], max_rows, seed
    )
    return [
        read_table(folder, each) for folder, each in zip(folders, rows, strict=True) if each.any()
    ]


def read_validation_lists(
    folders: Sequence[Path], max_rows: int, seed: int, newest: int
) -> list[RankingTable]:
    """Whole lists of users who may teach, of the `newest` folds of `read_training_set`; `max_rows` in all.

    A list that was thinned is no list: among fewer others its first ten places are easier, and
    another ranker is best.
    """
    tables = [read_columns(folder, (HISTORY,)) for folder in folders]
    training = training_set_rows(tables, max_rows, seed)
    folds = [at for at, rows in enumerate(training) if rows.any()][-newest:]
    teach = {at: _labels_of_users(tables[at]) > 0 for at in folds}
    share = max_rows / sum(int(tables[at].sizes[teach[at]].sum()) for at in folds)
    validation = []
    for at in folds:
        drawn = teach[at] & (shares(seed + WATCH_DRAW, tables[at].group_users) < share)
        chosen = drawn if drawn.any() else teach[at]
        validation.append(read_table(folders[at], np.repeat(chosen, tables[at].sizes)))
    return validation


def training_set_rows(tables: Sequence[RankingTable], max_rows: int, seed: int) -> list[Flags]:
    """Which candidates (C,) of each table, which needs the column HISTORY only, teach; about `max_rows` in all.

    Users without a label among their candidates teach nothing, nor do those without a history. The
    others keep their labels and as many more, by hash, as there is room for, 150 at most: a label
    of one more user teaches more than a user's hundredth candidate. Only when there is no room for
    30 are whole users left out, by hash too.
    """
    labels = [_labels_of_users(table) for table in tables]
    teach = [each > 0 for each in labels]
    n_users, n_labels = (
        sum(int(each.sum()) for each in teach),
        sum(int(each.sum()) for each in labels),
    )
    if not n_users:
        raise DataError(
            "no source proposed any held-out item: there is nothing for a ranker to learn from"
        )
    share = max_rows / (n_labels + LEAST * n_users)
    fewer = [
        each & (shares(seed, table.group_users) < share)
        for table, each in zip(tables, teach, strict=True)
    ]
    kept = fewer if any(each.any() for each in fewer) else teach
    others = float(np.clip((max_rows - n_labels) / n_users, LEAST, MOST))
    return [
        _thinned(table, mine, others, seed) & np.repeat(each, table.sizes)
        for table, mine, each in zip(tables, labels, kept, strict=True)
    ]


def _labels_of_users(table: RankingTable) -> Rows:
    """Labels (n,) among each user's candidates; none count of a user without a history."""
    if not len(table.sizes):
        return table.sizes
    first = table.borders[:-1]
    counts: Rows = np.add.reduceat(table.labels, first)
    return counts * (table.matrix[first, table.columns.index(HISTORY)] > 0)


def _thinned(table: RankingTable, labels: Rows, others: float, seed: int) -> Flags:
    """Every label among the candidates (C,), and about so many others of each user."""
    chance = np.repeat(others / np.maximum(table.sizes - labels, 1), table.sizes)
    wanted: Flags = (table.labels > 0) | (
        shares(seed + OTHER_DRAW, table.users, table.items) < chance
    )
    return wanted
