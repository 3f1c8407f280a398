"""The ranker: LightGBM lambdarank over the tables of the label folds."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from fusion.arrays import Flags, Scores
from fusion.config import RankerSettings
from fusion.hashing import shares
from fusion.table import Table

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
    """Fit on what teaches of the label folds, oldest first; gives the ranker and its number of trees.

    Where the tables are small, each label fold in turn is watched while the others teach, and the mean over all users
    decides when to stop: one small fold alone decides by luck. Of large ones only the newest is watched; of a single
    fold a fifth of the users. Then all folds are fitted for that many trees.
    """
    trees = _find_trees(_stopping_splits(tables, seed), settings, seed, threads)
    return refit(tables, settings, trees, seed, threads), trees


def refit(tables: Sequence[Table], settings: RankerSettings, trees: int, seed: int, threads: int) -> Ranker:
    """Fit on all tables, oldest first, for a known number of trees, once per seed."""
    merged = merge(tables)
    few = len(merged.items) < SMALL
    each = _threads_each(merged, threads)

    def fit(at: int) -> lgb.Booster:
        return lgb.train(_parameters(settings, seed + at, each), _dataset(merged), num_boost_round=trees)

    with ThreadPoolExecutor(max(1, threads // each)) as workers:
        boosters = tuple(workers.map(fit, range(settings.seeds or (FEW_SEEDS if few else 1))))
    return Ranker(merged.columns, boosters)


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


def _stopping_splits(tables: Sequence[Table], seed: int) -> list[tuple[Table, Table]]:
    """What teaches and what is watched meanwhile, once or several times."""
    if len(tables) > 1:
        small = sum(len(table.items) for table in tables) < SMALL
        watched = range(len(tables)) if small else [len(tables) - 1]
        return [(merge([*tables[:at], *tables[at + 1 :]]), tables[at]) for at in watched]
    held: Flags = shares(seed, tables[0].group_users) < HELD_BACK
    if held.all() or not held.any():
        return [(tables[0], tables[0])]
    return [(tables[0].take(~held), tables[0].take(held))]


def _find_trees(splits: Sequence[tuple[Table, Table]], settings: RankerSettings, seed: int, threads: int) -> int:
    """The number of trees with the best mean NDCG over the watched users of all splits."""
    each = 1 if len(splits) > 1 else _threads_each(splits[0][0], threads)
    with ThreadPoolExecutor(max(1, threads // each)) as workers:
        curves = list(workers.map(lambda split: _watched(*split, settings=settings, seed=seed, threads=each), splits))
    # A curve ends where patience did; what would have followed is taken to be as good as its end.
    longest = max(map(len, curves))
    padded = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    return 1 + int(np.average(padded, axis=0, weights=[len(watched.sizes) for _, watched in splits]).argmax())


def _watched(
    fitted_on: Table, watched: Table, *, settings: RankerSettings, seed: int, threads: int
) -> NDArray[np.float64]:
    """NDCG (trees,) of the watched users after each tree, until patience ends."""
    training = _dataset(fitted_on)
    watching = lgb.Dataset(aligned(watched, fitted_on.columns), watched.labels, group=watched.sizes, reference=training)
    seen: dict[str, dict[str, list[float]]] = {}
    lgb.train(
        _parameters(settings, seed, threads),
        training,
        num_boost_round=settings.trees,
        valid_sets=[watching],
        valid_names=["watched"],
        callbacks=[lgb.early_stopping(settings.patience, verbose=False), lgb.record_evaluation(seen)],
    )
    return np.array(seen["watched"][f"ndcg@{EVALUATED_AT}"])


def _threads_each(table: Table, threads: int) -> int:
    return 1 if len(table.items) < SMALL else threads


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
