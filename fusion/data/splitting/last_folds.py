"""Folds whose labels are each user's last interactions."""

import numpy as np

from fusion.config import SplitSettings
from fusion.core.arrays import Times
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Plan, fold_name, make_fold, make_plan, serving_fold


def plan_last_folds(data: Dataset, split: SplitSettings, seen: bool) -> Plan:
    """Plan folds that hold out each user's last liked events, one event a fold.

    Fold n, counted from 1, holds out the n-th last liked event of each user, and those not liked
    between it and the next. It knows everything earlier of the user.

    Args:
        data: all interactions, with times.
        split: its `folds` label folds are planned.
        seen: items of a user's history may be labels again.

    Returns:
        The plan.

    Raises:
        DataError: too few users have enough events.
    """
    left = _liked_left(data)
    folds = []
    for n in range(1, split.folds + 3):
        # An event that is not liked counts with the liked one after it: it is known to the fold
        # that holds that one out.
        not_liked_before = (left == n) & ~data.liked
        known = data.take((left > n) | not_liked_before)
        held_out = np.where(data.liked, left == n, left == n - 1)
        name = fold_name(n - 1, split.folds)
        # Each user is served just after the last event that is known of them.
        folds.append(make_fold(data, name, known, held_out, known.last_times + 1, seen))
    return make_plan("last", None, _why(split), folds, serving_fold(data, data.last_times + 1))


def _liked_left(data: Dataset) -> Times:
    """Count each user's liked events from each event on (N,), itself included.

    A user whose events are liked, not liked, liked, liked has 3, 2, 2, 1 left.
    """
    order, borders = data.by_user
    # Sorted by user, then time; counts run on over all users.
    liked = data.liked[order].astype(np.int64)
    liked_so_far = np.cumsum(liked)
    # Liked events up to the end of each user: what is left is counted back from there.
    user_ends = np.append(0, liked_so_far)[borders[1:]]
    end_of_user = np.repeat(user_ends, np.diff(borders))
    liked_after = end_of_user - liked_so_far
    left = np.empty(len(data), np.int64)
    left[order] = liked_after + liked
    return left


def _why(split: SplitSettings) -> str:
    no_window = ""
    if split.kind != "last":
        no_window = (
            f" (no window held {split.users} warm users in every fold, or too few users still come)"
        )
    return (
        f"last: each user's last liked interaction is held out{no_window}; "
        "optimistic, sources see others' later events"
    )
