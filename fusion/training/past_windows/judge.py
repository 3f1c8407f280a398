"""Past windows of a training's data, each judged by rows that need no ranker."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.facts import ItemFacts
from fusion.data.splitting.fold import Fold
from fusion.data.splitting.time_folds import fold_between, grid_windows
from fusion.evaluation.promise.defaults import DEFAULTS
from fusion.evaluation.promise.promise import horizon_folds
from fusion.evaluation.promise.window_figure import PastWindow
from fusion.models.base.allowed import Allowed
from fusion.runs.context import RunContext
from fusion.training.fit_stage import ModelRecipe
from fusion.training.past_windows.window_stage import (
    Labels,
    WindowInputs,
    read_window,
    window_stage,
)
from fusion.training.sources import source_seed

ROWS = ("popularity", "item_knn")
"""Recommenders that are fitted in a moment and take every kind of history."""


def judge_past_windows(context: RunContext) -> list[PastWindow]:
    """Judge rows that need no ranker on the newest windows that have passed.

    Windows lie on the grid of the label folds: tomorrow's are today's, until another has passed.

    Args:
        context: of the training.

    Returns:
        Windows, oldest first, each by every row; none where the split is not by time.
    """
    runtime, seed = context.runtime, context.config.seed
    windows = []
    for fold in _folds(context):
        inputs = _inputs(fold, seed, context.allowed(fold.cut))
        for row in ROWS:
            of_row = replace(inputs, row=ModelRecipe(row, {}), seed=source_seed(seed, row))
            windows.append(read_window(row, runtime.make(window_stage(of_row))))
    return windows


def _folds(context: RunContext) -> Iterator[Fold]:
    """Yield a fold of a sample of users for each past window with a history, oldest first."""
    data, window = context.data, context.plan.window
    if window is None or not len(data):
        return
    seen = not context.config.lists.exclude_seen
    drawn = shares(context.config.seed, np.arange(data.n_users, dtype=np.int32))
    spans = grid_windows(data.as_of, window, DEFAULTS.most_windows)
    for cut, end in reversed(spans):
        n_known = int(np.searchsorted(data.times, cut, "left"))
        if n_known:
            sample = _sample(data, drawn, n_known, end)
            yield fold_between(sample, "past window", cut, end, seen)


def _sample(data: Dataset, drawn: Scores, n_known: int, end: int) -> Dataset:
    """Return what so many users did before a moment that about `most_events` are known of them.

    The share is of what was known then, so that the same users are drawn tomorrow.
    """
    share = DEFAULTS.most_events / n_known
    until = data.before(end)
    if share >= 1:
        return until
    is_drawn: Flags = drawn[until.users] < share
    return until.take(is_drawn)


def _inputs(fold: Fold, seed: int, allowed: Allowed) -> WindowInputs:
    """The inputs of the first row's stage, without anything that may change later."""
    known = fold.known.trim_users()
    # What appears later must not change the key; neither row lists what has no history.
    n_items = int(known.items.max()) + 1 if len(known) else 0
    bare = known.trim_items(n_items)
    bare = replace(
        bare,
        item_table=pl.DataFrame(),
        user_table=pl.DataFrame(),
        vectors={},
        facts=ItemFacts(),
        priors=(),
    )
    users = _judged(fold, seed)
    labels = {
        horizon: _labels(part, users)
        for horizon, part in horizon_folds(fold, known.timezone).items()
    }
    return WindowInputs(
        row=ModelRecipe(ROWS[0], {}),
        known=bare,
        allowed=allowed.trim_items(n_items),
        users=users,
        labels=labels,
        seed=source_seed(seed, ROWS[0]),
    )


def _judged(fold: Fold, seed: int) -> Rows:
    """Users (n,) with a label and a history, at most about `most_users` by hash."""
    users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
    share = DEFAULTS.most_users / max(1, len(users))
    return users[shares(seed + 1, users) < share]


def _labels(fold: Fold, users: Rows) -> Labels:
    """Labels of the judged users."""
    is_judged = np.isin(fold.label_users, users)
    return Labels(fold.label_users[is_judged], fold.label_items[is_judged])
