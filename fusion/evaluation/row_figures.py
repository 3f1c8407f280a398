"""Figures of every row on all judged users: metrics, AUC, recall, and what lists are like."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows, Scores
from fusion.data.splitting.fold import Fold
from fusion.evaluation.segments import Hits, metric_columns
from fusion.evaluation.verdict_report import AucReport, CandidateRecall, SourceRecall
from fusion.metrics.bootstrap import Interval, resampled_means
from fusion.metrics.catalogue import coverage, gini, novelty, popularity
from fusion.metrics.intra_list_diversity import ItemDescriptions, sample
from fusion.metrics.ranking import auc
from fusion.ranking.features.source_columns import ColumnKind, columns_of_kind
from fusion.ranking.table import RankingTable
from fusion.runs.context import RunContext

SHOWN = 10
"""Places whose coverage, novelty and diversity are measured: what a first screen shows."""


def _intervals(values: NDArray[np.floating], seed: int) -> list[Interval]:
    """Means of columns (n, M) of per-user values with intervals, all from one resample of users."""
    draws, means = resampled_means(values, seed), values.mean(axis=0)
    return [Interval.of(means[column], draws[:, column]) for column in range(values.shape[1])]


def metrics_by_row(hits: Hits, seed: int) -> dict[str, dict[str, Interval]]:
    """Compute every metric of every row with its interval, all from one resample of users.

    Args:
        hits: of n users.
        seed: of the resample.

    Returns:
        Means by row and metric.
    """
    names: list[tuple[str, str]] = []
    columns: list[Scores] = []
    for row, (places, counts) in hits.items():
        for metric, values in metric_columns(places, counts).items():
            names.append((row, metric))
            columns.append(values)
    report: dict[str, dict[str, Interval]] = {row: {} for row in hits}
    intervals = _intervals(np.column_stack(columns), seed)
    for (row, metric), interval in zip(names, intervals, strict=True):
        report[row][metric] = interval
    return report


def auc_report(
    table: RankingTable, scores: Mapping[str, Scores], users: Rows, seed: int
) -> AucReport:
    """Compute the area under the ROC curve over each user's candidates, by row.

    Args:
        table: C candidates with their labels.
        scores: scores (C,) by row, NaN where it is silent.
        users: who is judged; of them, those who have labels and others among their candidates.
        seed: of the resample.

    Returns:
        Mean areas; without any such user, no rows.
    """
    areas = np.column_stack([auc(row, table.labels, table.borders) for row in scores.values()])
    # Whether a user has an area depends on their labels alone, so the first row speaks for all.
    has_area = ~np.isnan(areas[:, 0])
    judged = areas[np.isin(table.group_users, users) & has_area]
    if not len(judged):
        return AucReport()
    intervals = _intervals(judged, seed)
    return AucReport(users=len(judged), rows=dict(zip(scores, intervals, strict=True)))


def list_figures(
    context: RunContext, users: Rows, rows: Mapping[str, Rows]
) -> dict[str, dict[str, float]]:
    """Describe the first places of every row's lists.

    Args:
        context: data and folds of the run.
        users: (n,) ascending.
        rows: lists (n, k) by row.

    Returns:
        By row, how much of the catalogue it lists and how evenly, how popular and how novel that
        is, and how diverse lists are by what items are described with, on a sample of users.
    """
    known = context.plan.verdict.known
    # Pairs of items within lists are many, so diversity is measured on a sample.
    sampled = sample(users, context.config.seed)
    listed = np.unique([lists[sampled, :SHOWN] for lists in rows.values()])
    # Texts are read of listed items alone: a catalogue is far larger than all first screens.
    descriptions = ItemDescriptions(context.data, listed[listed >= 0])
    report = {}
    for name, lists in rows.items():
        top = lists[:, :SHOWN]
        values = {
            "coverage": coverage(top, known.n_items),
            "gini": gini(top, known.n_items),
            "novelty": novelty(top, known.item_counts),
            "popularity": popularity(top, known.item_counts),
        }
        values |= descriptions.diversity(top[sampled])
        report[name] = {f"{figure}@{SHOWN}": value for figure, value in values.items()}
    return report


def candidate_recall(rows: Mapping[str, Rows], fold: Fold, table: RankingTable) -> CandidateRecall:
    """Compute the share of labels among the candidates: no ranking of them can recall more.

    Args:
        rows: by name, among them all sources.
        fold: holds the labels.
        table: candidates with labels and flags of what each source proposed.

    Returns:
        The ceiling, and by source that proposes its share and the labels it alone proposed.
    """
    n_labels = max(1, len(fold.label_users))
    is_label = table.labels > 0
    columns = columns_of_kind(table.columns, ColumnKind.PROPOSED)
    proposed = {name: table.matrix[is_label, columns[name]] > 0 for name in rows if name in columns}
    # Of labels alone: by how many sources each was proposed.
    n_proposers = np.sum(list(proposed.values()), axis=0)
    sources = {}
    for name, hits in proposed.items():
        alone = hits & (n_proposers == 1)
        share = float(hits.sum() / n_labels)
        sources[name] = SourceRecall(share=share, unique=int(alone.sum()))
    ceiling = float(is_label.sum() / n_labels)
    return CandidateRecall(labels=len(fold.label_users), ceiling=ceiling, sources=sources)
