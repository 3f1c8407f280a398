"""Judging: every row's lists on the verdict fold, the choice between them, and the figures people read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.arrange import arrange
from fusion.arrays import Flags, Rows, Scores
from fusion.bootstrap import Interval, paired_gap, resampled_means
from fusion.folds import Fold, Plan
from fusion.job import Job
from fusion.live import Live, judgeable, padded_lists
from fusion.metrics import coverage, gini, hits_of, ndcg, novelty, per_user
from fusion.ranker import Ranker, aligned
from fusion.table import LIST_SIZE, Table, read_lists, read_table
from fusion.verdict import BLEND, RANDOM, RANKER, Choice, choose, cross_fitted

CUTOFFS = (10, 20)
ROUTES = ("warm", "sparse", "cold")


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


def route_of(counts: Rows, sparse: int) -> Rows:
    """How users with so many known interactions (n,) are served: 0 warm, 1 sparse, 2 cold, an index into ROUTES."""
    return np.select([counts == 0, counts < sparse], [2, 1], 0).astype(np.int32)


def lists_by_row(folder: Path, ranker: Ranker) -> tuple[Rows, dict[str, Rows]]:
    """Users (n,) of a fold's table and the lists (n, 50) of the ranker, the blend, every source and the control."""
    users, lists = read_lists(folder)
    table = read_table(folder)
    blended = table.matrix[:, table.columns.index(BLEND)]
    scores = ranker.score(aligned(table, ranker.columns))
    fused = {RANKER: _listed(table, scores, users), BLEND: _listed(table, blended, users)}
    return users, {**fused, **lists}


def _listed(table: Table, scores: Scores, users: Rows) -> Rows:
    made = arrange(table.group_users, table.borders, table.items, scores, scores, LIST_SIZE)
    lists = np.full((len(users), LIST_SIZE), -1, np.int32)
    lists[np.searchsorted(users, made.users)] = made.items
    return lists


def judge(job: Job, folder: Path, ranker: Ranker, live: Live | None) -> Verdict:
    """Judge all rows on the verdict fold, by users with a label and a history; `folder` holds the fold's table."""
    fold, seed = job.plan.verdict, job.config.seed
    live_method = live.method if live else None
    everyone, rows = lists_by_row(folder, ranker)
    routes = route_of(fold.known.user_counts[everyone], job.config.split.sparse)
    served = routes != ROUTES.index("cold")
    users = everyone[served]
    hits = {name: hits_of(lists[served], users, fold.label_users, fold.label_items) for name, lists in rows.items()}
    values = {name: ndcg(*found, 10) for name, found in hits.items()}
    choice = choose(values, seed, live_method)
    gap, judged, theirs = live_gap(values[choice.method], users, job, live) if live else (None, 0, 0.0)
    report = {
        "split": split_report(job.plan),
        "users": len(users),
        "chosen": choice.method,
        "reason": choice.reason,
        "rival": choice.rival,
        "difference": choice.difference.as_dict(),
        "reported": cross_fitted(values, users, seed, live_method).as_dict(),
        "rows": _figures(hits, seed),
        "lists": {name: _shape(lists[served], fold) for name, lists in rows.items()},
        "routes": _by_route(everyone, rows, routes, fold),
        "found": found_by(rows, fold, read_table(folder)),
        "live": {"run": live.run_id, "users": judged, "difference": gap.as_dict() if gap else None} if live else None,
    }
    over_random = {name: column - values[RANDOM] for name, column in values.items()}
    return Verdict(choice, report, cross_fitted(over_random, users, seed, live_method), gap, judged, theirs)


def split_report(plan: Plan) -> dict[str, Any]:
    """How the folds were cut, for the manifest and for people."""
    folds = {fold.name: len(fold.label_users) for fold in (*plan.labels, plan.verdict)}
    return {"kind": plan.kind, "window": plan.window, "why": plan.why, "optimistic": plan.optimistic, "labels": folds}


def _figures(hits: Mapping[str, tuple[Flags, Rows]], seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Every metric of every row with its interval, all from one resample of users."""
    columns = {
        name: {key: column for k in CUTOFFS for key, column in per_user(*found, k).items()}
        for name, found in hits.items()
    }
    stacked = np.column_stack([column for row in columns.values() for column in row.values()])
    draws = resampled_means(stacked, seed)
    intervals = iter(Interval.of(m, d) for m, d in zip(stacked.mean(axis=0), draws.T, strict=True))
    return {name: {key: next(intervals).as_dict() for key in row} for name, row in columns.items()}


def _shape(lists: Rows, fold: Fold) -> dict[str, float]:
    top = lists[:, :10]
    return {
        "coverage@10": coverage(top, fold.known.n_items),
        "gini@10": gini(top, fold.known.n_items),
        "novelty@10": novelty(top, fold.known.item_counts),
    }


def _by_route(users: Rows, rows: Mapping[str, Rows], routes: Rows, fold: Fold) -> dict[str, Any]:
    """Users and NDCG@10 of every row, route by route."""
    found: dict[str, Any] = {}
    for at, route in enumerate(ROUTES):
        mine = routes == at
        if mine.any():
            scores = {
                name: float(ndcg(*hits_of(lists[mine], users[mine], fold.label_users, fold.label_items), 10).mean())
                for name, lists in rows.items()
            }
            found[route] = {"users": int(mine.sum()), "ndcg@10": scores}
    return found


def found_by(rows: Mapping[str, Rows], fold: Fold, table: Table) -> dict[str, Any]:
    """Recall ceiling: share of labels among all candidates, and per source the share it proposed and found alone."""
    total = max(1, len(fold.label_users))
    labelled = table.labels > 0
    proposals = {
        name: table.matrix[labelled, table.columns.index(f"{name}_proposed")] > 0
        for name in rows
        if f"{name}_proposed" in table.columns
    }
    together = np.sum(list(proposals.values()), axis=0)
    sources = {
        name: {"share": float(hit.sum() / total), "unique": int((hit & (together == 1)).sum())}
        for name, hit in proposals.items()
    }
    return {"labels": len(fold.label_users), "ceiling": float(labelled.sum() / total), "sources": sources}


def live_gap(chosen: Scores, users: Rows, job: Job, live: Live) -> tuple[Interval | None, int, float]:
    """Paired difference, chosen (n,) minus live lists, over how many of `users` (n,), and the live lists' NDCG@10."""
    fold = job.plan.verdict
    both = np.flatnonzero(judgeable(live, job.plan)[users])
    if not len(both):
        return None, 0, 0.0
    live_users, lists = padded_lists(live.lists(), job.data)
    place = np.minimum(np.searchsorted(live_users, users[both]), max(0, len(live_users) - 1))
    mine = np.full((len(both), lists.shape[1]), -1, np.int32)
    if len(live_users):
        has = live_users[place] == users[both]
        mine[has] = lists[place[has]]
    theirs = ndcg(*hits_of(mine, users[both], fold.label_users, fold.label_items), 10)
    return paired_gap(chosen[both], theirs, job.config.seed), len(both), float(theirs.mean())
