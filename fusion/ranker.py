"""The ranker: LightGBM lambdarank over the tables of the label folds."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np

from fusion.arrays import Flags, Scores
from fusion.config import RankerSettings
from fusion.errors import DataError
from fusion.hashing import shares
from fusion.table import Table, read_keys, read_table

EVALUATED_AT = 10
SMALL, FEW_SEEDS = 500_000, 3
"""Training candidates below which chance in a ranker is worth averaging out, over how many seeds.

A booster of so small a table gets one thread: more would mostly wait for one another.
"""
HELD_BACK = 0.2
"""Share of users that early stopping watches when there is one label fold only."""


@dataclass(frozen=True)
class Ranker:
    """Boosters over named columns; the score is the mean of their raw scores."""

    columns: tuple[str, ...]
    boosters: tuple[lgb.Booster, ...]

    def score(self, matrix: Scores) -> Scores:
        """Scores (C,) of feature rows (C, F) in the order of `columns`; only their order within a user has meaning."""
        total = np.zeros(len(matrix))
        for booster in self.boosters if len(matrix) else ():
            total += booster.predict(matrix)
        return (total / len(self.boosters)).astype(np.float32)

    def score_columns(self, columns: dict[str, Scores]) -> Scores:
        """Scores (C,) of feature columns (C,) by name; one that is missing counts as NaN throughout."""
        return self.score(self._matrix(columns))

    def contributions(self, columns: dict[str, Scores]) -> Scores:
        """What each of `columns` adds to the scores of feature columns (C,) by name: (C, F), as LightGBM tells it.

        A row's contributions and a constant add up to its score (Lundberg and others, Nature Machine Intelligence
        2020). It takes hundreds of times as long as scoring.
        """
        matrix = self._matrix(columns)
        total = np.zeros(matrix.shape)
        for booster in self.boosters:
            total += np.asarray(booster.predict(matrix, pred_contrib=True))[:, :-1]
        return (total / len(self.boosters)).astype(np.float32)

    def _matrix(self, columns: dict[str, Scores]) -> Scores:
        missing = np.full(len(next(iter(columns.values()))), np.nan, np.float32)
        return np.column_stack([columns.get(name, missing) for name in self.columns])

    def importance(self) -> dict[str, float]:
        """Share of the total gain of each feature."""
        gain = np.sum([b.feature_importance("gain") for b in self.boosters], axis=0)
        return dict(zip(self.columns, (gain / max(gain.sum(), 1e-12)).tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write LightGBM text files and the column names."""
        for at, booster in enumerate(self.boosters):
            booster.save_model(folder / f"ranker-{at}.txt")
        (folder / "columns.json").write_text(json.dumps(self.columns))

    @classmethod
    def load(cls, folder: Path) -> "Ranker":
        """Read what `save` wrote."""
        files = sorted(folder.glob("ranker-*.txt"), key=lambda p: int(p.stem.split("-")[1]))
        boosters = tuple(lgb.Booster(model_file=file) for file in files)
        return cls(tuple(json.loads((folder / "columns.json").read_text())), boosters)


def train_ranker(tables: Sequence[Table], settings: RankerSettings, seed: int, threads: int) -> tuple[Ranker, int]:
    """Fit on label folds, oldest first; gives the ranker and its number of trees.

    With two folds or more the newest decides when to stop; with one, a fifth of its users. Then all folds are fitted
    for that many trees. Raises DataError when no candidate of any fold is a label.
    """
    fitted_on, watched = _stopping_split(_useful(tables, settings.max_rows, seed), seed)
    trees = _find_trees(fitted_on, watched, settings, seed, threads)
    return refit(tables, settings, trees, seed, threads), trees


def refit(tables: Sequence[Table], settings: RankerSettings, trees: int, seed: int, threads: int) -> Ranker:
    """Fit on all tables, oldest first, for a known number of trees, once per seed; DataError as in `train_ranker`."""
    merged = merge(_useful(tables, settings.max_rows, seed))
    few = len(merged.items) < SMALL
    each = 1 if few else threads

    def fit(at: int) -> lgb.Booster:
        return lgb.train(_parameters(settings, seed + at, each), _dataset(merged), num_boost_round=trees)

    with ThreadPoolExecutor(max(1, threads // each)) as workers:
        boosters = tuple(workers.map(fit, range(settings.seeds or (FEW_SEEDS if few else 1))))
    return Ranker(merged.columns, boosters)


def read_teaching(folders: Sequence[Path], max_rows: int, seed: int) -> list[Table]:
    """The tables of folds without the users who teach nothing or go beyond `max_rows`, who are never in memory."""
    keys = [with_labels(read_keys(folder)) for folder in folders]
    share = max_rows / max(1, sum(len(table.items) for table in keys))
    kept = [table.group_users[shares(seed, table.group_users) < share] for table in keys]
    if not any(map(len, kept)):
        kept = [table.group_users for table in keys]
    return [read_table(folder, users) for folder, users in zip(folders, kept, strict=True)]


def with_labels(table: Table) -> Table:
    """Leave out users none of whose candidates is a label: they teach nothing."""
    return table.take(np.add.reduceat(table.labels, table.borders[:-1]) > 0) if len(table.sizes) else table


def merge(tables: Sequence[Table]) -> Table:
    """Stack tables, fold after fold; columns are those of the newest, NaN where an older one lacks them."""
    columns = tables[-1].columns
    return Table(
        columns,
        np.concatenate([t.group_users for t in tables]),
        np.concatenate([t.sizes for t in tables]),
        np.concatenate([t.items for t in tables]),
        np.concatenate([t.labels for t in tables]),
        np.concatenate([aligned(t, columns) for t in tables]),
    )


def aligned(table: Table, columns: tuple[str, ...]) -> Scores:
    """The matrix of a table with exactly these columns."""
    if table.columns == columns:
        return table.matrix
    found = np.full((len(table.items), len(columns)), np.nan, np.float32)
    for at, name in enumerate(columns):
        if name in table.columns:
            found[:, at] = table.matrix[:, table.columns.index(name)]
    return found


def _useful(tables: Sequence[Table], max_rows: int, seed: int) -> list[Table]:
    """The tables without users who teach nothing, thinned by whole users to about `max_rows` candidates."""
    useful = [kept for table in tables if len((kept := with_labels(table)).items)]
    total = sum(len(table.items) for table in useful)
    if not total:
        raise DataError("no source proposed any held-out item: there is nothing for a ranker to learn from")
    if total <= max_rows:
        return useful
    thinned = [table.take(shares(seed, table.group_users) < max_rows / total) for table in useful]
    return [table for table in thinned if len(table.items)] or useful[-1:]


def _stopping_split(tables: list[Table], seed: int) -> tuple[Table, Table]:
    if len(tables) > 1:
        return merge(tables[:-1]), tables[-1]
    held: Flags = shares(seed, tables[0].group_users) < HELD_BACK
    if held.all() or not held.any():
        return tables[0], tables[0]
    return tables[0].take(~held), tables[0].take(held)


def _find_trees(fitted_on: Table, watched: Table, settings: RankerSettings, seed: int, threads: int) -> int:
    training = _dataset(fitted_on)
    watching = lgb.Dataset(aligned(watched, fitted_on.columns), watched.labels, group=watched.sizes, reference=training)
    booster = lgb.train(
        _parameters(settings, seed, 1 if len(fitted_on.items) < SMALL else threads),
        training,
        num_boost_round=settings.trees,
        valid_sets=[watching],
        callbacks=[lgb.early_stopping(settings.patience, verbose=False)],
    )
    return max(1, booster.best_iteration)


def _dataset(table: Table) -> lgb.Dataset:
    return lgb.Dataset(table.matrix, table.labels, group=table.sizes, feature_name=list(table.columns))


def _parameters(settings: RankerSettings, seed: int, threads: int) -> dict[str, Any]:
    return {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [EVALUATED_AT],
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_leaf,
        "feature_fraction": settings.columns_share,
        "lambdarank_truncation_level": 3 * EVALUATED_AT,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **settings.extra,
    }
