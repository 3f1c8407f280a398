"""Lean: a ranker's scores drawn towards the best source, where it was taught by easier lists than those it serves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Scores
from fusion.data.ranked_lists import top_k_lists
from fusion.metrics.ranking import hits_of, ndcg
from fusion.ranking.features.source_columns import ColumnKind, columns_of_kind
from fusion.ranking.table import RankingTable

SHARE = 0.5
"""Of one deviation of the ranker's scores, for each deviation of the source's."""
DEPTH = 10


@dataclass(frozen=True)
class SourcePrior:
    """Adds `weight` times the source's distance from the user's mean, in deviations; nothing where it is silent."""

    column: str
    weight: float

    def added(self, columns: Sequence[str], matrix: Scores) -> Scores:
        """What it adds (C,) to the scores of feature rows (C, F) in the order of `columns`."""
        said: Scores = np.nan_to_num(matrix[:, columns.index(self.column)], nan=0.0) * np.float32(
            self.weight
        )
        return said


def fit_source_prior(validation: Sequence[RankingTable], scores: Sequence[Scores]) -> SourcePrior:
    """Lean on the source that orders the watched lists best, as strongly as the ranker's `scores` (C,) of each vary."""
    columns = validation[-1].columns
    z_scores = [columns[index] for index in columns_of_kind(columns, ColumnKind.Z_SCORE).values()]
    means = {
        name: np.concatenate(
            [_ndcg(table, table.matrix[:, table.columns.index(name)]) for table in validation]
        ).mean()
        for name in z_scores
    }
    spread = np.concatenate(
        [_deviations(table, mine) for table, mine in zip(validation, scores, strict=True)]
    ).mean()
    return SourcePrior(max(means, key=lambda name: float(means[name])), float(SHARE * spread))


def _ndcg(table: RankingTable, scores: Scores) -> Scores:
    """NDCG@10 (n,) of each user's candidates in the order of `scores` (C,), NaN last."""
    lists = top_k_lists(table.group_users, table.borders, table.items, scores, scores, DEPTH).items
    wanted = table.labels > 0
    return ndcg(*hits_of(lists, table.group_users, table.users[wanted], table.items[wanted]), DEPTH)


def _deviations(table: RankingTable, scores: Scores) -> Scores:
    """Deviation (n,) of each user's scores (C,)."""
    first = table.borders[:-1]
    mean = np.add.reduceat(scores, first) / table.sizes
    squares = np.add.reduceat((scores - np.repeat(mean, table.sizes)) ** 2, first) / table.sizes
    found: Scores = np.sqrt(squares)
    return found
