"""LightGBM's inputs: the ranker's parameters and dataset, and defaults by the size of the data."""

from collections.abc import Sequence
from typing import Any

import lightgbm as lgb

from fusion.config import RankerSettings
from fusion.ranking.table import RankingTable

NDCG_CUTOFF = 10
"""Places of a list by which the ranker is fitted and stopped, as lists are evaluated."""
SMALL_DATA_USERS = 2500
"""Training users below which chance decides much: it is averaged out over folds and seeds, and
trees are smaller.

A booster of so little data gets one thread: more would mostly wait for one another.
"""
SMALL_DATA_DEFAULTS = {"leaves": 7, "learning_rate": 0.05, "seeds": 2}
"""Settings that are left open, for few training users."""
LARGE_DATA_DEFAULTS = {"leaves": 15, "learning_rate": 0.1, "seeds": 1}
"""The same for many: fewer and larger trees come close in less time."""


def n_training_users(tables: Sequence[RankingTable]) -> int:
    """Count the training users of all folds.

    Args:
        tables: training sets of the folds; a user of two folds counts twice.
    """
    return sum(table.n_users for table in tables)


def is_small(tables: Sequence[RankingTable]) -> bool:
    """Return whether there are so few training users that chance is worth averaging out.

    Args:
        tables: training sets of the folds.
    """
    return n_training_users(tables) < SMALL_DATA_USERS


def resolve_defaults(settings: RankerSettings, tables: Sequence[RankingTable]) -> RankerSettings:
    """Fill in the settings that were left open, by the number of training users.

    Args:
        settings: the ranker's settings; None is open.
        tables: training sets of the folds.

    Returns:
        Settings without an open one.
    """
    defaults = SMALL_DATA_DEFAULTS if is_small(tables) else LARGE_DATA_DEFAULTS
    still_open = {
        name: value for name, value in defaults.items() if getattr(settings, name) is None
    }
    return settings.model_copy(update=still_open)


def lightgbm_dataset(table: RankingTable, parameters: dict[str, Any] | None = None) -> lgb.Dataset:
    """Hand a table to LightGBM, one group a user.

    Args:
        table: candidates with features and labels.
        parameters: by which it is binned; None leaves them to the fit.
    """
    return lgb.Dataset(
        table.matrix,
        table.labels,
        group=table.sizes,
        feature_name=list(table.columns),
        params=parameters,
    )


def lightgbm_parameters(settings: RankerSettings, seed: int, threads: int) -> dict[str, Any]:
    """Return LightGBM's parameters of a lambdarank booster.

    LambdaMART: Burges, "From RankNet to LambdaRank to LambdaMART", 2010.

    Args:
        settings: resolved settings; `extra` has the last word.
        seed: seeds the sampling of features.
        threads: threads of one fit; the fit depends on their number by rounding.
    """
    return {
        "objective": "lambdarank",
        "metric": "ndcg",
        "eval_at": [NDCG_CUTOFF],
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.min_leaf,
        "feature_fraction": settings.columns_share,
        # Pairs count down to a place below the cutoff: an item there may still move up.
        "lambdarank_truncation_level": 3 * NDCG_CUTOFF,
        "seed": seed,
        "num_threads": threads,
        # Both together make a fit the same from run to run on one machine.
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        **settings.extra,
    }
