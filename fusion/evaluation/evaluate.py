"""Judging: every row's lists on the verdict fold, the choice between them, and the figures people read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.data.fold import Fold, Plan
from fusion.data.ranked_lists import top_k_lists
from fusion.data.segments import ROUTES, route_of, segments_among
from fusion.evaluation.cold_start import cold_report, new_items_report
from fusion.evaluation.live_baseline import Live, judgeable
from fusion.evaluation.rating_errors import rating_error_report
from fusion.evaluation.segments import CUTOFFS, Hits, among, hits_by_row, metrics_by_segment
from fusion.evaluation.selection import Choice, cross_fitted, select_method
from fusion.metrics.bootstrap import Interval, paired_gap, resampled_means
from fusion.metrics.catalogue import coverage, gini, novelty, popularity
from fusion.metrics.intra_list_diversity import ItemDescriptions, sample
from fusion.metrics.ranking import auc, hits_of, ndcg, per_user
from fusion.ranking.features.source_columns import ColumnKind, columns_of_kind, source_column
from fusion.ranking.method import BLEND, RANDOM, RANKER
from fusion.ranking.ranker import Ranker
from fusion.ranking.table import RankingTable, aligned
from fusion.ranking.table_file import LIST_SIZE, read_computed, read_lists
from fusion.runs.context import RunContext

JUDGED_KINDS = (ColumnKind.Z_SCORE, ColumnKind.PROPOSED)
"""Kinds of sources' columns that judging reads: what orders candidates, and who proposed them."""


@dataclass(frozen=True)
class Verdict:
    """What the verdict fold says: the choice, and the whole report as JSON-able `report`."""

    choice: Choice
    report: dict[str, Any]
    random_gap: Interval
    """Chosen minus the random control, NDCG@10, paired and cross-fitted: the best of n rows of luck is no skill."""
    live_gap: Interval | None
    live_users: int
    live_ndcg: float
    """Chosen minus live lists in NDCG@10 over so many users whose window the live run could not know; theirs alone."""


def read_scored_table(folder: Path, ranker: Ranker) -> RankingTable:
    """A fold's table with the ranker's scores in place of the features, beside what the sources said and proposed."""

    def judged(part: RankingTable) -> dict[str, Scores]:
        told = {
            name: part.matrix[:, at]
            for at, name in enumerate(part.columns)
            if (column := source_column(name)) and column.kind in JUDGED_KINDS
        }
        blended = part.matrix[:, part.columns.index(BLEND)]
        return {RANKER: ranker.score(aligned(part, ranker.columns)), BLEND: blended, **told}

    return read_computed(folder, judged)


def candidate_scores(table: RankingTable) -> dict[str, Scores]:
    """What the ranker, the blend and every source say of the candidates (C,) of a table; NaN where silent.

    A source's own scores are not in the table; their distances from the user's mean order
    candidates alike.
    """
    said = {name: table.matrix[:, table.columns.index(name)] for name in (RANKER, BLEND)}
    z_scores = columns_of_kind(table.columns, ColumnKind.Z_SCORE)
    return said | {source: table.matrix[:, index] for source, index in z_scores.items()}


def lists_by_row(
    folder: Path, table: RankingTable, said: Mapping[str, Scores]
) -> tuple[Rows, dict[str, Rows]]:
    """Users (n,) of a fold's table and the lists (n, 50) of the ranker, the blend, every source and the control."""
    users, lists = read_lists(folder)
    return users, {**{name: _listed(table, said[name], users) for name in (RANKER, BLEND)}, **lists}


def _listed(table: RankingTable, scores: Scores, users: Rows) -> Rows:
    made = top_k_lists(table.group_users, table.borders, table.items, scores, scores, LIST_SIZE)
    lists = np.full((len(users), LIST_SIZE), -1, np.int32)
    lists[np.searchsorted(users, made.users)] = made.items
    return lists


def evaluate(context: RunContext, folder: Path, ranker: Ranker, live: Live | None) -> Verdict:
    """Judge all rows on the verdict fold, by users with a label and a history; `folder` holds the fold's table."""
    fold, seed, table = context.plan.verdict, context.config.seed, read_scored_table(folder, ranker)
    live_method = live.method if live else None
    said = candidate_scores(table)
    everyone, rows = lists_by_row(folder, table, said)
    routes = route_of(fold.known.user_counts[everyone], context.config.split.sparse)
    served = routes != ROUTES.index("cold")
    users = everyone[served]
    lists = {name: each[served] for name, each in rows.items()}
    of_everyone = hits_by_row(everyone, rows, fold)
    hits = among(of_everyone, served)
    values = {name: ndcg(*found, 10) for name, found in hits.items()}
    choice = select_method(values, seed, live_method)
    gap, judged, theirs = (
        live_gap(values[choice.method], users, context, live) if live else (None, 0, 0.0)
    )
    report = {
        "split": split_report(context.plan),
        "users": len(users),
        "chosen": choice.method,
        "reason": choice.reason,
        "rival": choice.rival,
        "difference": choice.difference.as_dict(),
        "reported": cross_fitted(values, users, seed, live_method).as_dict(),
        "rows": _figures(hits, seed),
        "weights": rating_error_report(folder, seed),
        "auc": auc_report(table, said, users, seed),
        "lists": _shapes(context, users, lists),
        "routes": metrics_by_segment(
            of_everyone, {name: routes == at for at, name in enumerate(ROUTES)}, seed
        ),
        "segments": metrics_by_segment(hits, segments_among(context.data, users), seed),
        "cold": cold_report(context, everyone[~served], rows[RANDOM][~served]),
        "new_items": new_items_report(context, users, lists),
        "found": candidate_recall(rows, fold, table),
        "live": {"run": live.run_id, "users": judged, "difference": gap.as_dict() if gap else None}
        if live
        else None,
    }
    over_random = {name: column - values[RANDOM] for name, column in values.items()}
    return Verdict(
        choice, report, cross_fitted(over_random, users, seed, live_method), gap, judged, theirs
    )


def split_report(plan: Plan) -> dict[str, Any]:
    """How the folds were cut, for the manifest and for people."""
    folds = {fold.name: len(fold.label_users) for fold in (*plan.labels, plan.verdict)}
    return {
        "kind": plan.kind,
        "window": plan.window,
        "why": plan.why,
        "optimistic": plan.optimistic,
        "labels": folds,
    }


def _figures(hits: Hits, seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Every metric of every row with its interval, all from one resample of users."""
    columns = {
        name: {key: column for k in CUTOFFS for key, column in per_user(*found, k).items()}
        for name, found in hits.items()
    }
    stacked = np.column_stack([column for row in columns.values() for column in row.values()])
    draws = resampled_means(stacked, seed)
    intervals = iter(Interval.of(m, d) for m, d in zip(stacked.mean(axis=0), draws.T, strict=True))
    return {name: {key: next(intervals).as_dict() for key in row} for name, row in columns.items()}


def auc_report(
    table: RankingTable, said: Mapping[str, Scores], users: Rows, seed: int
) -> dict[str, Any]:
    """Area under the curve over candidates, by row, of those `users` who have labels and others among theirs."""
    found = np.column_stack([auc(scores, table.labels, table.borders) for scores in said.values()])
    judged = found[np.isin(table.group_users, users) & ~np.isnan(found[:, 0])]
    if not len(judged):
        return {"users": 0, "rows": {}}
    draws = resampled_means(judged, seed)
    intervals = (
        Interval.of(m, d).as_dict() for m, d in zip(judged.mean(axis=0), draws.T, strict=True)
    )
    return {"users": len(judged), "rows": dict(zip(said, intervals, strict=True))}


def _shapes(
    context: RunContext, users: Rows, rows: Mapping[str, Rows]
) -> dict[str, dict[str, float]]:
    """What each row lists in its first ten places: how much of the catalogue, how popular, new and varied."""
    known = context.plan.verdict.known
    some = sample(users, context.config.seed)
    listed = np.unique([lists[some, :10] for lists in rows.values()])
    described = ItemDescriptions(context.data, listed[listed >= 0])
    found = {}
    for name, lists in rows.items():
        top = lists[:, :10]
        shape = {
            "coverage": coverage(top, known.n_items),
            "gini": gini(top, known.n_items),
            "novelty": novelty(top, known.item_counts),
            "popularity": popularity(top, known.item_counts),
            **described.diversity(top[some]),
        }
        found[name] = {f"{figure}@10": value for figure, value in shape.items()}
    return found


def candidate_recall(rows: Mapping[str, Rows], fold: Fold, table: RankingTable) -> dict[str, Any]:
    """Recall ceiling: share of labels among all candidates, and per source the share it proposed and found alone."""
    total = max(1, len(fold.label_users))
    labelled = table.labels > 0
    proposed = columns_of_kind(table.columns, ColumnKind.PROPOSED)
    proposals = {
        name: table.matrix[labelled, proposed[name]] > 0 for name in rows if name in proposed
    }
    together = np.sum(list(proposals.values()), axis=0)
    sources = {
        name: {"share": float(hit.sum() / total), "unique": int((hit & (together == 1)).sum())}
        for name, hit in proposals.items()
    }
    return {
        "labels": len(fold.label_users),
        "ceiling": float(labelled.sum() / total),
        "sources": sources,
    }


def live_gap(
    chosen: Scores, users: Rows, context: RunContext, live: Live
) -> tuple[Interval | None, int, float]:
    """Paired difference, chosen (n,) minus live lists, over how many of `users` (n,), and the live lists' NDCG@10."""
    fold = context.plan.verdict
    both = np.flatnonzero(judgeable(live, context.plan)[users])
    if not len(both):
        return None, 0, 0.0
    live_users, lists = live.lists.users, live.lists.items
    place = np.minimum(np.searchsorted(live_users, users[both]), max(0, len(live_users) - 1))
    mine = np.full((len(both), lists.shape[1]), -1, np.int32)
    if len(live_users):
        has = live_users[place] == users[both]
        mine[has] = lists[place[has]]
    theirs = ndcg(*hits_of(mine, users[both], fold.label_users, fold.label_items), 10)
    return paired_gap(chosen[both], theirs, context.config.seed), len(both), float(theirs.mean())
