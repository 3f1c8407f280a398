"""The number of trees of a ranker, by early stopping on users whom it was not fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from fusion.config import RankerSettings
from fusion.core.hashing import shares
from fusion.ranking.lightgbm_inputs import (
    NDCG_CUTOFF,
    is_small,
    lightgbm_dataset,
    lightgbm_parameters,
    n_training_users,
)
from fusion.ranking.table import RankingTable, aligned, merge

Curve = NDArray[np.float64]
"""Mean NDCG of the validation users after each tree, from the first."""

TYPICAL_TOTAL_STEP = 6.0
"""Trees times learning rate that rankers of few users usually come to.

The best place of their curve is mostly chance: of two runs that differed by rounding alone one
chose 100 trees, the other 240.
"""
VALIDATION_SHARE = 0.2
"""Share of users that early stopping validates on when there is one label fold only."""
VALIDATION_SALT = 0x4E1D
"""Added to the seed, so that who validates is independent of who of all users is in the training
set: by the same draw only validation users could be left.
"""
VALIDATION = "validation"
"""LightGBM's name for the validation lists."""


@dataclass(frozen=True)
class StoppingSplit:
    """Users to fit on, and others who say when to stop.

    Attributes:
        training: thinned candidates of the users to fit on.
        validation: whole lists of the others.
    """

    training: RankingTable
    validation: RankingTable


def stopping_splits(
    tables: Sequence[RankingTable], validation: Sequence[RankingTable], seed: int
) -> list[StoppingSplit]:
    """Split users into those to fit on and those who say when to stop.

    Args:
        tables: training sets of the folds, oldest first.
        validation: whole lists of the newest of these folds.
        seed: seeds the draw of users where there is one fold.

    Returns:
        For each of the validation folds, all other folds to fit on. Of a single fold a fifth of
        the users validates, or all of them where a fifth is nobody.
    """
    if len(tables) == 1:
        return [_split_users(tables[0], validation[0], seed)]
    # Validation folds are the newest of all, so the first of them stands here.
    first = len(tables) - len(validation)
    splits = []
    for index, lists in enumerate(validation, first):
        other_folds = [*tables[:index], *tables[index + 1 :]]
        splits.append(StoppingSplit(merge(other_folds), lists))
    return splits


def _split_users(table: RankingTable, lists: RankingTable, seed: int) -> StoppingSplit:
    """Split the users of one fold by hash."""
    in_table = shares(seed + VALIDATION_SALT, table.group_users) < VALIDATION_SHARE
    in_lists = shares(seed + VALIDATION_SALT, lists.group_users) < VALIDATION_SHARE
    if in_table.all() or not in_lists.any():
        return StoppingSplit(table, lists)
    return StoppingSplit(table.take(~in_table), lists.take(in_lists))


def ndcg_curve(split: StoppingSplit, settings: RankerSettings, seed: int, threads: int) -> Curve:
    """Fit until the validation lists get no better, and note how good they are after each tree.

    Args:
        split: users to fit on and to validate on.
        settings: resolved settings; `patience` trees without gain end the fit.
        seed: seed of the fit.
        threads: threads of the fit.

    Returns:
        Mean NDCG of the validation users after each tree (trees,).
    """
    training = lightgbm_dataset(split.training)
    lists = split.validation
    # With a reference, values are binned alike; groups are lists in full.
    validation = lgb.Dataset(
        aligned(lists, split.training.columns), lists.labels, group=lists.sizes, reference=training
    )
    history: dict[str, dict[str, list[float]]] = {}
    lgb.train(
        lightgbm_parameters(settings, seed, threads),
        training,
        num_boost_round=settings.trees,
        valid_sets=[validation],
        valid_names=[VALIDATION],
        callbacks=[
            lgb.early_stopping(settings.patience, verbose=False),
            lgb.record_evaluation(history),
        ],
    )
    return np.array(history[VALIDATION][f"ndcg@{NDCG_CUTOFF}"])


def best_n_trees(curves: Sequence[Curve], n_users: Sequence[int]) -> int:
    """Return the number of trees with the best mean over the users of all curves.

    A curve ends where patience did; what would have followed is taken to be as good as its end.

    Args:
        curves: one curve a split.
        n_users: validation users of each curve.
    """
    longest = max(len(curve) for curve in curves)
    padded = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    mean_curve = np.average(padded, axis=0, weights=n_users)
    return 1 + int(mean_curve.argmax())


def scale_n_trees(
    best: int, tables: Sequence[RankingTable], n_fitted_users: float, settings: RankerSettings
) -> int:
    """Return how many trees a fit on all folds gets.

    As many more as the folds have more users than the splits had. Of few users half of that is
    believed: the number goes half way, by its logarithm, to what is typical.

    Args:
        best: best number of trees of the splits.
        tables: training sets of all folds.
        n_fitted_users: users that a split was fitted on, the mean of all splits.
        settings: resolved settings; `trees` is the most there may be.

    Returns:
        At least one tree.
    """
    n_trees = best * n_training_users(tables) / n_fitted_users
    if is_small(tables):
        assert settings.learning_rate is not None
        # The geometric mean of the two numbers.
        n_trees = (n_trees * TYPICAL_TOTAL_STEP / settings.learning_rate) ** 0.5
    return min(settings.trees, max(1, round(n_trees)))
