"""Train the ranker: LightGBM lambdarank over the tables of the label folds."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from fusion.config import RankerSettings
from fusion.core.hashing import shares
from fusion.ranking.ranker import Ranker
from fusion.ranking.table import RankingTable, aligned, merge

T = TypeVar("T")
R = TypeVar("R")
EVALUATED_AT = 10
FEW = 2500
"""Users who teach below which chance decides much: it is averaged out over folds and seeds, and trees are smaller.

A booster of so little gets one thread: more would mostly wait for one another.
"""
BY_FEW = {"leaves": 7, "learning_rate": 0.05, "seeds": 2}
BY_MANY = {"leaves": 15, "learning_rate": 0.1, "seeds": 1}
"""What the settings that nobody gave are, by how many teach."""
TYPICAL = 6.0
"""Trees times step size that the rankers of few users come to as a rule.

The best place of their curve is mostly chance: of two runs that differed by rounding one found 100
trees, one 240.
"""
HELD_BACK = 0.2
"""Share of users that early stopping watches when there is one label fold only."""
HELD_DRAW = 0x4E1D
"""Added to the seed: who is watched is drawn apart from who of all teaches, or none but the watched may be left."""


def train_ranker(
    tables: Sequence[RankingTable],
    validation: Sequence[RankingTable],
    settings: RankerSettings,
    seed: int,
    threads: int,
) -> tuple[Ranker, int]:
    """Fit on what teaches of the label folds, oldest first; gives the ranker and its number of trees.

    `watched`: whole lists of the newest of these folds, as many as `n_validation_folds` says. Each in turn
    decides when to stop while the other folds teach; of a single fold a fifth of the users does.
    The mean over all users counts.
    """
    chosen = resolve_defaults(settings, tables)
    splits = _stopping_splits(tables, validation, seed)

    def curve(split: tuple[RankingTable, RankingTable], threads: int) -> NDArray[np.float64]:
        return _curve(*split, _parameters(chosen, seed, threads), chosen)

    curves = _side_by_side(curve, splits, threads, is_small(tables))
    best = _best_length(curves, [len(lists.sizes) for _, lists in splits])
    trees = scale_n_trees(
        best, tables, float(np.mean([len(others.sizes) for others, _ in splits])), chosen
    )
    return refit(tables, settings, trees, seed, threads), trees


def n_validation_folds(tables: Sequence[RankingTable]) -> int:
    """How many folds decide when to stop: all where few users teach, since one small fold decides by luck; or one."""
    return len(tables) if is_small(tables) else 1


def refit(
    tables: Sequence[RankingTable], settings: RankerSettings, trees: int, seed: int, threads: int
) -> Ranker:
    """Fit on all tables, oldest first, for a known number of trees, once per seed."""
    merged, chosen = merge(tables), resolve_defaults(settings, tables)

    def fit(at: int, threads: int) -> lgb.Booster:
        return lgb.train(
            _parameters(chosen, seed + at, threads), _dataset(merged), num_boost_round=trees
        )

    boosters = _side_by_side(fit, range(chosen.seeds or 1), threads, is_small(tables))
    return Ranker(merged.columns, tuple(boosters), threads=threads)


def _side_by_side(
    work: Callable[[T, int], R], pieces: Iterable[T], threads: int, few: bool
) -> list[R]:
    """Do `work(piece, threads)` for every piece: side by side with one thread each, or with all one after the other."""
    each = 1 if few else threads
    with ThreadPoolExecutor(threads // each) as workers:
        return list(workers.map(lambda piece: work(piece, each), pieces))


def resolve_defaults(settings: RankerSettings, tables: Sequence[RankingTable]) -> RankerSettings:
    """The settings with what was left open chosen by how many users teach."""
    chosen = BY_FEW if is_small(tables) else BY_MANY
    return settings.model_copy(
        update={name: v for name, v in chosen.items() if getattr(settings, name) is None}
    )


def is_small(tables: Sequence[RankingTable]) -> bool:
    """Whether so few users teach that chance is worth averaging out."""
    return sum(len(table.sizes) for table in tables) < FEW


def _stopping_splits(
    tables: Sequence[RankingTable], validation: Sequence[RankingTable], seed: int
) -> list[tuple[RankingTable, RankingTable]]:
    """What teaches and what is watched meanwhile."""
    if len(tables) > 1:
        first = len(tables) - len(validation)
        return [
            (merge([*tables[:at], *tables[at + 1 :]]), lists)
            for at, lists in enumerate(validation, first)
        ]
    held, shown = (
        shares(seed + HELD_DRAW, one.group_users) < HELD_BACK for one in (tables[0], validation[0])
    )
    if held.all() or not shown.any():
        return [(tables[0], validation[0])]
    return [(tables[0].take(~held), validation[0].take(shown))]


def _curve(
    fitted_on: RankingTable,
    validation: RankingTable,
    parameters: dict[str, Any],
    settings: RankerSettings,
) -> NDArray[np.float64]:
    """NDCG (trees,) of the watched users after each tree, until patience ends."""
    training = _dataset(fitted_on)
    watching = lgb.Dataset(
        aligned(validation, fitted_on.columns),
        validation.labels,
        group=validation.sizes,
        reference=training,
    )
    seen: dict[str, dict[str, list[float]]] = {}
    lgb.train(
        parameters,
        training,
        num_boost_round=settings.trees,
        valid_sets=[watching],
        valid_names=["watched"],
        callbacks=[
            lgb.early_stopping(settings.patience, verbose=False),
            lgb.record_evaluation(seen),
        ],
    )
    return np.array(seen["watched"][f"ndcg@{EVALUATED_AT}"])


def _best_length(curves: Sequence[NDArray[np.float64]], users: Sequence[int]) -> int:
    """The number of trees with the best mean over the users of all curves.

    A curve ends where patience did; what would have followed is taken to be as good as its end.
    """
    longest = max(map(len, curves))
    padded = [np.pad(curve, (0, longest - len(curve)), mode="edge") for curve in curves]
    return 1 + int(np.average(padded, axis=0, weights=users).argmax())


def scale_n_trees(
    best: int, tables: Sequence[RankingTable], n_training_users: float, settings: RankerSettings
) -> int:
    """How many trees all folds get when `best` was best for so many users, `taught`; `settings.trees` at most.

    As many more as they teach more users. Where those are few, half of that is believed: it is
    drawn, by its logarithm, half way to what is typical.
    """
    trees = best * sum(len(table.sizes) for table in tables) / n_training_users
    if is_small(tables):
        assert settings.learning_rate is not None
        trees = (trees * TYPICAL / settings.learning_rate) ** 0.5
    return min(settings.trees, max(1, round(trees)))


def _dataset(table: RankingTable) -> lgb.Dataset:
    return lgb.Dataset(
        table.matrix, table.labels, group=table.sizes, feature_name=list(table.columns)
    )


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
