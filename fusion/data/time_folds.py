"""Plan folds that are cut by time."""

from dataclasses import dataclass

import numpy as np

from fusion.config import SplitSettings
from fusion.core.arrays import DAY
from fusion.data.dataset import Dataset
from fusion.data.fold import Fold, Plan, fold_name, make_fold, make_plan, serving_fold

WINDOWS = (1, 7, 14, 28, 91, 182, 365)
"""Days a label window may last, shortest first."""
SHORT = WINDOWS[:4]
"""Those that hold enough users only where something goes on."""
MIN_ACTIVE_SHARE = 0.25
"""Share of all users who were last seen within the folds; where fewer were, the data is an archive of users gone."""
MIN_WARM_USERS = 50
"""Warm users who are few to judge by, and in lively data still say more of the next window than `last` does."""


def explain_no_window(data: Dataset, split: SplitSettings) -> str:
    """Say why no plan by time could be made, and what to set instead."""
    if not data.has_times:
        return f"[split] kind = '{split.kind}' needs [data.columns] time; name the column, or use kind = 'random'"
    tried = [split.window] if split.window else list(WINDOWS)
    return (
        f"[split] kind = 'time': no window of {tried} days has {split.users} warm users with a label in every fold; "
        "lower [split] users, set [split] window, or use kind = 'last'"
    )


def plan_time_folds(
    data: Dataset, split: SplitSettings, seen: bool, keep: tuple[str, int | None] | None
) -> Plan | None:
    """Plan folds by time, the best windows first; None when no window holds enough users."""
    kept = keep[1] if keep and keep[0] == "time" and not split.window else None
    for ask in _asks(split, kept):
        for n_folds in range(split.folds, 0, -1):
            for window in ask.windows:
                plan = _folds_of_window(data, split, seen, window, n_folds, ask)
                if plan:
                    return plan
    return None


@dataclass(frozen=True)
class _Ask:
    """Windows to try, the warm users that every fold must hold, the share of all users last seen within the folds."""

    windows: tuple[int, ...]
    users: int
    active_share: float = 0.0


def _asks(split: SplitSettings, kept: int | None) -> list[_Ask]:
    """What a plan by time may be, the best first; `kept` is the window of the live run."""
    windows = (split.window,) if split.window else WINDOWS
    named = split.kind == "time" or split.window is not None
    asks = (
        [_Ask(windows, split.users)]
        if named
        else [_Ask(SHORT, split.users), _Ask(WINDOWS, split.users, MIN_ACTIVE_SHARE)]
    )
    if kept:
        asks.insert(0, _Ask((kept,), max(1, split.users // 2)))
    if split.kind == "auto" and split.users > MIN_WARM_USERS:
        asks += [_Ask((kept,), MIN_WARM_USERS // 2)] if kept else []
        asks.append(_Ask(windows, MIN_WARM_USERS, MIN_ACTIVE_SHARE))
    return asks


def _folds_of_window(
    data: Dataset, split: SplitSettings, seen: bool, window: int, n_folds: int, ask: _Ask
) -> Plan | None:
    """Cut at multiples of the window since 1970, so that tomorrow's cuts are today's; None when they are too thin."""
    length = window * DAY
    newest = (data.as_of - length) // length * length
    cuts = [newest - n * length for n in range(n_folds + 2)]
    if np.mean(data.last_times[data.user_counts > 0] >= cuts[-1]) < ask.active_share:
        return None
    folds = []
    for n, cut in enumerate(cuts):
        fold = _time_fold(data, fold_name(n, n_folds), cut, length, seen)
        warm = fold.known.user_counts[fold.label_rows] >= split.sparse
        if warm.sum() < ask.users:
            return None
        folds.append(fold)
    why = f"time: windows of {window} days hold at least {ask.users} warm users in every fold"
    return make_plan(
        "time", window, why, folds, serving_fold(data, np.full(data.n_users, data.as_of, np.int64))
    )


def _time_fold(data: Dataset, name: str, cut: int, length: int, seen: bool) -> Fold:
    known = data.before(cut)
    window = slice(len(known), int(np.searchsorted(data.times, cut + length, "left")))
    labels = np.zeros(len(data), bool)
    labels[window] = True
    return make_fold(data, name, known, labels, np.full(data.n_users, cut, np.int64), seen)
