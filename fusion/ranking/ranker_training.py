"""Train the ranker: LightGBM lambdarank on the ranking tables of the label folds."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import lightgbm as lgb
import numpy as np

from fusion.config import RankerSettings
from fusion.ranking.lightgbm_inputs import (
    is_small,
    lightgbm_dataset,
    lightgbm_parameters,
    resolve_defaults,
)
from fusion.ranking.ranker import Ranker
from fusion.ranking.table import RankingTable, merge
from fusion.ranking.tree_count import (
    Curve,
    StoppingSplit,
    best_n_trees,
    ndcg_curve,
    scale_n_trees,
    stopping_splits,
)

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def train_ranker(
    tables: Sequence[RankingTable],
    validation: Sequence[RankingTable],
    settings: RankerSettings,
    seed: int,
    threads: int,
    further: Sequence[RankingTable] = (),
) -> tuple[Ranker, int]:
    """Choose the number of trees by early stopping, then fit on all folds.

    Each validation fold in turn says when to stop while the others are fitted on; of a single fold
    a fifth of the users does. The mean over all validation users counts.

    Args:
        tables: training sets of the label folds, oldest first.
        validation: whole lists of the newest of these folds, `n_validation_folds` of them.
        settings: the ranker's settings; open ones are filled in.
        seed: seed of the first booster.
        threads: threads in all.
        further: tables that are fitted on in every fit, and say nothing of when to stop.

    Returns:
        The ranker, and its number of trees.
    """
    resolved = resolve_defaults(settings, tables)
    splits = stopping_splits(tables, validation, seed)

    def curve_of(split: StoppingSplit, threads_of_fit: int) -> Curve:
        training = merge([*further, split.training])
        whole = StoppingSplit(training, split.validation)
        return ndcg_curve(whole, resolved, seed, threads_of_fit)

    curves = _map_fits(curve_of, splits, threads, side_by_side=is_small(tables))
    best = best_n_trees(curves, [split.validation.n_users for split in splits])
    n_fitted_users = float(np.mean([split.training.n_users for split in splits]))
    n_trees = scale_n_trees(best, tables, n_fitted_users, resolved)
    # The fits above lack users each, so none of them is the ranker.
    return refit([*further, *tables], resolved, n_trees, seed, threads), n_trees


def n_validation_folds(tables: Sequence[RankingTable]) -> int:
    """Return how many folds say when to stop.

    Args:
        tables: training sets of the label folds.

    Returns:
        All of them where there are few training users, since one small fold decides by luck; else
        the newest alone.
    """
    return len(tables) if is_small(tables) else 1


def refit(
    tables: Sequence[RankingTable], settings: RankerSettings, n_trees: int, seed: int, threads: int
) -> Ranker:
    """Fit on all tables for a known number of trees, once a seed.

    Args:
        tables: training sets of the folds, oldest first.
        settings: the ranker's settings; open ones are filled in.
        n_trees: trees of each booster.
        seed: seed of the first booster; the next have the next ones.
        threads: threads in all.
    """
    resolved = resolve_defaults(settings, tables)
    merged = merge(tables)
    # Binned once for all seeds, by the first: its bins are the same for each where a table has no
    # more rows than LightGBM bins by (200,000), and are drawn from as many of them where it has.
    binned = lightgbm_dataset(merged, lightgbm_parameters(resolved, seed, threads)).construct()

    def fit(index: int, threads_of_fit: int) -> lgb.Booster:
        parameters = lightgbm_parameters(resolved, seed + index, threads_of_fit)
        return _boost(binned, parameters, n_trees)

    indices = range(resolved.seeds or 1)
    boosters = _map_fits(fit, indices, threads, side_by_side=is_small(tables))
    return Ranker(merged.columns, tuple(boosters), threads=threads)


def _boost(binned: lgb.Dataset, parameters: dict[str, Any], n_trees: int) -> lgb.Booster:
    """Grow trees on data that other fits share.

    `lightgbm.train` would bin it anew for another seed.
    """
    booster = lgb.Booster(parameters, binned)
    for _ in range(n_trees):
        booster.update()
    # A copy without the data.
    return lgb.Booster(model_str=booster.model_to_string())


def _map_fits(
    fit: Callable[[Piece, int], Result], pieces: Iterable[Piece], threads: int, side_by_side: bool
) -> list[Result]:
    """Call `fit(piece, threads)` for every piece and return the results in order.

    Side by side each fit has one thread, else one fit after the other has all: small fits would
    mostly wait for their own threads.
    """
    threads_of_fit = 1 if side_by_side else threads
    with ThreadPoolExecutor(threads // threads_of_fit) as pool:
        return list(pool.map(lambda piece: fit(piece, threads_of_fit), pieces))
