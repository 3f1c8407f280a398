"""What a verdict promises: metrics of the chosen row on the first day and in a whole window."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows, Scores
from fusion.data.days import shift_midnight
from fusion.data.splitting.fold import Fold, Plan, labels_before
from fusion.evaluation.promise.defaults import DEFAULTS
from fusion.evaluation.promise.interval import RealisedPairs, predict
from fusion.evaluation.promise.window_figure import (
    CUTOFFS,
    DAY,
    HORIZONS,
    METRICS,
    WINDOW,
    PastWindow,
    WindowFigure,
)
from fusion.evaluation.verdict_report import PromiseReport
from fusion.metrics.ranking import hits_of, per_user
from fusion.ranking.method import RANKER


def promise_report(
    plan: Plan,
    users: Rows,
    lists: Mapping[str, Rows],
    chosen: Sequence[str],
    past: Sequence[PastWindow],
    realised: RealisedPairs,
) -> list[PromiseReport]:
    """Promise every metric for both horizons.

    Args:
        plan: folds of the run; only a split by time has a window to promise for.
        users: (n,) judged by the verdict, ascending.
        lists: (n, k) by row.
        chosen: (n,) the row that users other than each one chose.
        past: what rows that need no ranker scored in past windows, oldest first.
        realised: what became of earlier promises.

    Returns:
        A promise for each horizon and metric; a horizon with fewer than two users has none.
    """
    if plan.window is None:
        return []
    days = {DAY: 1, WINDOW: plan.window}
    is_taught = RANKER in chosen
    promises = []
    for horizon, fold in horizon_folds(plan.verdict, plan.serving.known.timezone).items():
        values = _chosen_values(users, lists, chosen, fold)
        if len(values["ndcg@10"]) < 2:
            continue
        for metric in METRICS:
            name, k = metric.split("@")
            rows = past_figures(past, horizon, metric)
            pairs = realised.get((horizon, name, int(k)), ())
            judged = WindowFigure.of(values[metric])
            prediction = predict(judged, rows, pairs, is_taught=is_taught)
            promises.append(
                PromiseReport(
                    horizon=horizon,
                    days=days[horizon],
                    name=name,
                    k=int(k),
                    value=prediction.value,
                    low=prediction.low,
                    high=prediction.high,
                    users=judged.users,
                    windows=prediction.windows,
                    basis=prediction.basis,
                )
            )
    return promises


def horizon_folds(fold: Fold, timezone: str) -> dict[str, Fold]:
    """Cut the labels of a fold to each horizon.

    Args:
        fold: that begins at a moment for everybody.
        timezone: IANA zone of days.

    Returns:
        Folds by horizon; a day ends at the first midnight after the fold's cut.
    """
    tomorrow = shift_midnight(fold.cut, 1, timezone)
    return dict(zip(HORIZONS, (labels_before(fold, tomorrow), fold), strict=True))


def judge(lists: Rows, users: Rows, label_users: Rows, label_items: Rows) -> dict[str, Scores]:
    """Compute what is promised for each user who has a label.

    Args:
        lists: (n, k), best first.
        users: (n,) ascending.
        label_users: (m,).
        label_items: (m,).

    Returns:
        Values (n,) by metric; NaN for users without a label.
    """
    places, counts = hits_of(lists, users, label_users, label_items)
    columns: dict[str, Scores] = {}
    for k in CUTOFFS:
        columns |= per_user(places, counts, k)
    has_none = counts == 0
    for metric in METRICS:
        columns[metric][has_none] = np.nan
    return {metric: columns[metric] for metric in METRICS}


def past_figures(past: Sequence[PastWindow], horizon: str, metric: str) -> list[list[WindowFigure]]:
    """Collect a metric of past windows by row.

    Args:
        past: windows, oldest first; those with too few users at the horizon are passed over.
        horizon: "day" or "window".
        metric: such as "ndcg@10".

    Returns:
        Figures of each row, oldest first.
    """
    rows: dict[str, list[WindowFigure]] = {}
    for window in past:
        if horizon in window.figures:
            rows.setdefault(window.row, []).append(window.figures[horizon][metric])
    return list(rows.values())


def figures_of(values: Mapping[str, NDArray[np.floating]]) -> dict[str, WindowFigure] | None:
    """Summarise the users of a past window.

    Args:
        values: (n,) by metric, NaN for users without a label.

    Returns:
        Figures by metric; None where fewer than `least_users` have a label.
    """
    has_label = ~np.isnan(values["ndcg@10"])
    if has_label.sum() < DEFAULTS.least_users:
        return None
    return {metric: WindowFigure.of(of_users[has_label]) for metric, of_users in values.items()}


def _chosen_values(
    users: Rows, lists: Mapping[str, Rows], chosen: Sequence[str], fold: Fold
) -> dict[str, Scores]:
    """Values (m,) by metric of users with a label, each from the row that others chose for them."""
    names = np.asarray(chosen)
    values = {metric: np.full(len(users), np.nan, np.float32) for metric in METRICS}
    for name in sorted(set(chosen)):
        members = names == name
        judged = judge(lists[name][members], users[members], fold.label_users, fold.label_items)
        for metric in METRICS:
            values[metric][members] = judged[metric]
    has_label = ~np.isnan(values["ndcg@10"])
    return {metric: of_users[has_label] for metric, of_users in values.items()}
