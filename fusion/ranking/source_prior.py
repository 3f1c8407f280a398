"""The source prior: a ranker's scores pulled towards the order of the best source.

Folds whose labels are drawn at random are easier than what a run serves: more of what a user wants
is left among the candidates, so a ranker trained there trusts the best source too little.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Scores
from fusion.data.ranked_lists import top_k_lists
from fusion.metrics.ranking import hits_of, ndcg
from fusion.ranking.features.source_columns import ColumnKind, columns_of_kind
from fusion.ranking.table import RankingTable

STRENGTH = 0.5
"""Deviations of the ranker's scores that one deviation of the source's scores adds."""
DEPTH = 10
"""Places of a list by which sources are compared."""


@dataclass(frozen=True)
class SourcePrior:
    """A source's z-scores, weighted, that are added to a ranker's scores.

    Attributes:
        column: stored name of the source's column of z-scores.
        weight: what one deviation of the source adds to a score.
    """

    column: str
    weight: float

    def added_scores(self, columns: Sequence[str], matrix: Scores) -> Scores:
        """Compute what the prior adds to the score of each candidate.

        Args:
            columns: names of the F features.
            matrix: features (C, F).

        Returns:
            Scores (C,) float32; 0 where the source is silent.
        """
        z_scores = np.nan_to_num(matrix[:, columns.index(self.column)], nan=0.0)
        added: Scores = z_scores * np.float32(self.weight)
        return added


def fit_source_prior(validation: Sequence[RankingTable], scores: Sequence[Scores]) -> SourcePrior:
    """Choose the source that orders the validation lists best, and the weight of its z-scores.

    Args:
        validation: whole lists of candidates of one fold or more, oldest first.
        scores: the ranker's scores (C,) of each of them, whose deviations set the weight.

    Returns:
        The prior of the source with the best mean NDCG@10.
    """
    columns = validation[-1].columns
    # Z-scores order a user's candidates as the source's own scores do.
    mean_ndcg: dict[str, float] = {}
    for index in columns_of_kind(columns, ColumnKind.Z_SCORE).values():
        name = columns[index]
        values = [_ndcg(table, table.column(name)) for table in validation]
        mean_ndcg[name] = float(np.concatenate(values).mean())
    deviations = [
        _deviations(table, table_scores)
        for table, table_scores in zip(validation, scores, strict=True)
    ]
    mean_deviation = np.concatenate(deviations).mean()
    best = max(mean_ndcg, key=lambda name: mean_ndcg[name])
    return SourcePrior(best, float(STRENGTH * mean_deviation))


def _ndcg(table: RankingTable, scores: Scores) -> Scores:
    """Return NDCG@10 (n,) of each user's candidates in the order of `scores` (C,), NaN last."""
    lists = top_k_lists(table.group_users, table.borders, table.items, scores, scores, DEPTH)
    is_label = table.labels > 0
    hits, n_labels = hits_of(
        lists.items, table.group_users, table.users[is_label], table.items[is_label]
    )
    return ndcg(hits, n_labels, DEPTH)


def _deviations(table: RankingTable, scores: Scores) -> Scores:
    """Return the standard deviation (n,) of each user's scores (C,)."""
    starts = table.borders[:-1]
    means = np.add.reduceat(scores, starts) / table.sizes
    from_mean = scores - np.repeat(means, table.sizes)
    variances = np.add.reduceat(from_mean**2, starts) / table.sizes
    deviations: Scores = np.sqrt(variances)
    return deviations
