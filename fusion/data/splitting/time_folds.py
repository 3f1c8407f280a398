"""Folds that are cut at moments in time."""

from dataclasses import dataclass

import numpy as np

from fusion.config import SplitSettings
from fusion.core.arrays import DAY
from fusion.data.dataset import Dataset
from fusion.data.days import shift_midnight
from fusion.data.defaults import DEFAULTS
from fusion.data.splitting.fold import Fold, Plan, fold_name, make_fold, make_plan, serving_fold


@dataclass(frozen=True)
class _Request:
    """Conditions that a plan by time must meet.

    Attributes:
        windows: days of a label window, in the order of trial.
        users: warm users that every fold must hold.
        active_share: share in [0, 1] of all users who must have been seen within the folds.
    """

    windows: tuple[int, ...]
    users: int
    active_share: float = 0.0


def explain_no_window(data: Dataset, split: SplitSettings) -> str:
    """Explain why no plan by time could be made, and what to set instead.

    Args:
        data: all interactions.
        split: the split asked for.

    Returns:
        A sentence for the author of the configuration.
    """
    if not data.has_times:
        return (
            f"[split] kind = '{split.kind}' needs [data.columns] time; "
            "name the column, or use kind = 'random'"
        )
    if split.window:
        tried = f"a window of {split.window} days does not have"
        other_window = "change [split] window or take it out"
    else:
        *shorter, longest = map(str, DEFAULTS.windows)
        tried = f"no window of {', '.join(shorter)} or {longest} days has"
        other_window = "set [split] window"
    return (
        f"[split] kind = '{split.kind}': {tried} {split.users} warm users with a label in every "
        f"fold; lower [split] users, {other_window}, or use kind = 'last'"
    )


def plan_time_folds(
    data: Dataset, split: SplitSettings, seen: bool, keep: tuple[str, int | None] | None
) -> Plan | None:
    """Plan folds that are cut at moments in time.

    Args:
        data: all interactions, with times.
        split: label folds, window and users asked for.
        seen: items of a user's history may be labels again.
        keep: kind and window (days) of the live run, or None.

    Returns:
        The first plan that meets its conditions, with as many of the label folds asked for as
        possible; None where no window holds enough users.

    Raises:
        DataError: a window holds enough users, yet nobody a model could learn from.
    """
    live_window = keep[1] if keep and keep[0] == "time" and not split.window else None
    for request in _requests(split, live_window):
        for n_folds in range(split.folds, 0, -1):
            for window in request.windows:
                plan = _plan_of_window(data, split, seen, window, n_folds, request)
                if plan:
                    return plan
    return None


def _requests(split: SplitSettings, live_window: int | None) -> list[_Request]:
    """List the conditions of acceptable plans, the best first."""
    windows = (split.window,) if split.window else DEFAULTS.windows
    requests = []
    if live_window:
        # A retrain stays comparable with the live run while half of the users are left.
        requests.append(_Request((live_window,), max(1, split.users // 2)))
    named = split.kind == "time" or split.window is not None
    if named:
        requests.append(_Request(windows, split.users))
    else:
        requests.append(_Request(DEFAULTS.short_windows, split.users))
        requests.append(_Request(DEFAULTS.windows, split.users, DEFAULTS.min_active_share))
    if split.kind == "auto" and split.users > DEFAULTS.min_warm_users:
        # Where nobody named a kind, fewer users are better than a split by `last`.
        if live_window:
            requests.append(_Request((live_window,), DEFAULTS.min_warm_users // 2))
        requests.append(_Request(windows, DEFAULTS.min_warm_users, DEFAULTS.min_active_share))
    return requests


def _plan_of_window(
    data: Dataset, split: SplitSettings, seen: bool, window: int, n_folds: int, request: _Request
) -> Plan | None:
    """Plan folds of one window; None where they do not meet the request."""
    folds: list[Fold] = []
    last_seen = data.last_times[data.user_counts > 0]
    spans = _spans(data, window, n_folds + 2)
    if np.mean(last_seen >= spans[-1][0]) < request.active_share:
        return None
    for n, (cut, end) in enumerate(spans):
        fold = fold_between(data, fold_name(n, n_folds), cut, end, seen)
        warm = fold.known.user_counts[fold.label_rows] >= split.sparse
        if warm.sum() < request.users:
            return None
        folds.append(fold)
    why = f"time: windows of {window} days hold at least {request.users} warm users in every fold"
    serving = serving_fold(data, np.full(data.n_users, data.as_of, np.int64))
    return make_plan("time", window, why, folds, serving)


def _spans(data: Dataset, window: int, count: int) -> list[tuple[int, int]]:
    """List begin and end (ms) of the windows of a plan, the verdict's first.

    The verdict's window ends at the last midnight of the data's zone: it promises for the window
    that comes next, which lies as the week does, whatever happens on Mondays. The others lie on a
    grid of multiples of the window since 1970, so that tomorrow's label folds are today's, and
    their fits are used again.
    """
    end = shift_midnight(data.as_of, 0, data.timezone)
    verdict = shift_midnight(end, -window, data.timezone), end
    return [verdict, *grid_windows(verdict[0], window, count - 1)]


def grid_windows(before: int, window: int, count: int) -> list[tuple[int, int]]:
    """List the newest windows of the grid that have ended.

    Args:
        before: ms by which they have ended.
        window: days of a window.
        count: how many.

    Returns:
        Begin and end in ms, newest first.
    """
    length = window * DAY
    newest_end = before // length * length
    ends = [newest_end - n * length for n in range(count)]
    return [(end - length, end) for end in ends]


def fold_between(data: Dataset, name: str, cut: int, end: int, seen: bool) -> Fold:
    """Make the fold that holds out a window of time, for everyone at once.

    Args:
        data: all interactions.
        name: name of the fold.
        cut: ms, what happened before it is known.
        end: ms, the end of what is held out.
        seen: items of a user's history may be labels again.

    Returns:
        The fold.
    """
    known = data.before(cut)
    held_out = np.zeros(len(data), bool)
    held_out[len(known) : int(np.searchsorted(data.times, end, "left"))] = True
    as_of = np.full(data.n_users, cut, np.int64)
    return make_fold(data, name, known, held_out, as_of, seen)
