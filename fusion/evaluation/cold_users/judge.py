"""Choose how far attributes are believed, judge lists from them, and say which lists serve."""

import logging
import time
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.data.segments import ROUTES
from fusion.data.splitting.fold import Fold
from fusion.evaluation.cold_users.defaults import DEFAULTS
from fusion.evaluation.cold_users.hidden_users import HiddenUsers
from fusion.evaluation.cold_users.report import ColdUsersReport
from fusion.evaluation.segments import hits_by_row, metric_columns
from fusion.lists.builder import serving_users
from fusion.lists.cold_users.attributes import has_attributes, user_attributes
from fusion.lists.cold_users.query_likeness import QueryLikeness
from fusion.lists.cold_users.taste_map import MapSettings
from fusion.metrics.bootstrap import Interval, paired_gap, resampled_means
from fusion.runs.context import RunContext

log = logging.getLogger(__name__)
ATTRIBUTES = "attributes"
"""Row of the lists from attributes."""
FALLBACK = "fallback"
"""Row of each user's own fallback: that of their segment, or of all."""
POPULARITY = "popularity"
"""Row of the fallback of all."""
METRICS = ("ndcg@10", "recall@20", "hit@10")
"""Metrics that are reported; the first decides."""
GRID = tuple(
    MapSettings(reg=reg, prior=prior, weight=weight)
    for reg, prior, weight in product(DEFAULTS.regs, DEFAULTS.priors, DEFAULTS.weights)
)
"""Settings that are compared."""
QUERY_GRID = tuple(
    MapSettings(reg=reg, prior=prior, weight=weight, queries=queries)
    for reg, prior, weight, queries in product(
        DEFAULTS.regs[::2], DEFAULTS.priors, DEFAULTS.weights[::2], DEFAULTS.queries
    )
)
"""Those where users wrote something: every second one of each other setting, for about as many."""
Figures = dict[str, dict[str, Interval]]
"""Metric by row and name."""


def judge_cold_users(context: RunContext) -> ColdUsersReport | None:
    """Judge lists from attributes, where there is anybody whom they could serve.

    Args:
        context: of the training.

    Returns:
        The report; None where no more than a segment is known of users and nobody wrote anything,
        where nobody to serve is without an interaction, and where `lists.cold_users` is 0.
    """
    data = context.data
    is_described = has_attributes(data) or data.queries.are_encoded
    if not context.config.lists.cold_users or not is_described:
        return None
    users, routes = serving_users(context)
    cold = users[routes == ROUTES.index("cold")]
    if not len(cold):
        return None
    return context.step("cold users", lambda: _judge(context, cold))


def _judge(context: RunContext, cold: Rows) -> ColdUsersReport:
    began = time.process_time()
    attributes = user_attributes(context.data)
    hidden = HiddenUsers.of(context, attributes)
    plan = context.plan
    wrote = QueryLikeness.of(plan.serving).wrote(cold)
    choosing = hidden.judged(plan.labels[-1], DEFAULTS.fewest_users)
    judged = hidden.judged(plan.verdict, DEFAULTS.judged_users)
    report = ColdUsersReport(
        columns=attributes.names,
        cold=int((attributes.has_any[cold] | wrote).sum()),
        wrote=int(wrote.sum()),
        limit=context.config.lists.cold_users,
        reason="",
    )
    fewest = min(len(choosing), len(judged))
    says_something = bool(attributes.names) or context.data.queries.are_encoded
    if fewest < DEFAULTS.fewest_users or not says_something:
        why = (
            f"{fewest} users with labels and attributes are too few to judge by, "
            f"{DEFAULTS.fewest_users} are needed"
            if says_something
            else "nothing that is known of users is shared by enough of them"
        )
        return report.model_copy(update={"reason": why})
    settings, choices = choose_settings(hidden, plan.labels)
    rows, gaps = judge_lists(hidden, plan.verdict, judged, choices)
    report = report.model_copy(
        update={"users": len(judged), "settings": settings, "rows": rows, "gaps": gaps}
    )
    log.info("cold users judged cpu_seconds=%.1f", time.process_time() - began)
    return report.model_copy(update=_decision(report))


def choose_settings(
    hidden: HiddenUsers, folds: Sequence[Fold]
) -> tuple[MapSettings, list[MapSettings]]:
    """Choose how far attributes are believed, by NDCG@10.

    Args:
        hidden: users who are hidden in turn.
        folds: label folds, of which one at least has a label of somebody with attributes.

    Returns:
        The settings that all users choose, and for each part those that all others choose.
    """
    values, users = values_of_grid(hidden, folds)
    part_of = hidden.part_of[users]
    grid = grid_of(hidden)
    choices = [best_settings(values[:, part_of != part], grid) for part in range(DEFAULTS.parts)]
    return best_settings(values, grid), choices


def grid_of(hidden: HiddenUsers) -> tuple[MapSettings, ...]:
    """Return the settings to compare.

    Args:
        hidden: users who are hidden in turn.
    """
    return QUERY_GRID if hidden.context.data.queries.are_encoded else GRID


def values_of_grid(hidden: HiddenUsers, folds: Sequence[Fold]) -> tuple[Scores, Rows]:
    """Judge lists by every setting.

    Args:
        hidden: users who are hidden in turn.
        folds: with labels.

    Returns:
        NDCG@10 (S, n) by each setting of the grid, and whose it is (n,).
    """
    values, users = [], []
    for fold in folds:
        judged = hidden.judged(fold, DEFAULTS.choosing_users)
        if len(judged):
            lists = hidden.map_lists(fold, judged, [grid_of(hidden)] * DEFAULTS.parts)
            hits = hits_by_row(judged, {str(index): row for index, row in enumerate(lists)}, fold)
            values.append(np.stack([metric_columns(*row)[METRICS[0]] for row in hits.values()]))
            users.append(judged)
    return np.concatenate(values, axis=1), np.concatenate(users)


def best_settings(values: Scores, grid: Sequence[MapSettings] = GRID) -> MapSettings:
    """Return the setting with the highest mean; of equal ones the first.

    Args:
        values: by setting and user (S, n).
        grid: the S settings.
    """
    return grid[int(values.mean(axis=1, dtype=np.float64).argmax())]


def judge_lists(
    hidden: HiddenUsers, fold: Fold, users: Rows, choices: Sequence[MapSettings]
) -> tuple[Figures, Figures]:
    """Judge lists from attributes beside the fallback and popularity.

    Args:
        hidden: users who are hidden in turn.
        fold: the verdict fold.
        users: rows (n,).
        choices: settings of each part.

    Returns:
        Metrics by row; and those of the lists from attributes less each other row's, paired.
    """
    seed = hidden.context.config.seed
    own, everyone = hidden.fallback(fold, users)
    [lists] = hidden.map_lists(fold, users, [[choice] for choice in choices])
    rows = {ATTRIBUTES: lists, FALLBACK: own, POPULARITY: everyone}
    hits = hits_by_row(users, rows, fold)
    values = {name: metric_columns(*row) for name, row in hits.items()}
    means = {name: _intervals(columns, seed) for name, columns in values.items()}
    gaps = {}
    for name in (FALLBACK, POPULARITY):
        gaps[name] = {
            metric: paired_gap(values[ATTRIBUTES][metric], values[name][metric], seed)
            for metric in METRICS
        }
    return means, gaps


def _intervals(columns: Mapping[str, Scores], seed: int) -> dict[str, Interval]:
    kept = np.column_stack([columns[metric] for metric in METRICS])
    draws = resampled_means(kept, seed)
    return {
        metric: Interval.of(float(kept[:, index].mean()), draws[:, index])
        for index, metric in enumerate(METRICS)
    }


def _decision(report: ColdUsersReport) -> dict[str, object]:
    """Decide which lists serve, and say why."""
    gap = report.gaps[FALLBACK][METRICS[0]]
    if gap.low <= 0:
        return {"serves": False, "reason": "they are not surely better than the fallback"}
    if report.cold > report.limit:
        return {
            "serves": False,
            "reason": f"{report.cold:,} cold users are more than [lists] cold_users = "
            f"{report.limit:,}",
        }
    return {"serves": True, "reason": "they are better than the fallback"}
