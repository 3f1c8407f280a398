"""Plan folds whose labels are each user's last interactions."""

import numpy as np

from fusion.config import SplitSettings
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan, fold_name, make_fold, make_plan, serving_fold


def plan_last_folds(data: Dataset, split: SplitSettings, seen: bool) -> Plan:
    """Fold n holds out each user's n-th last liked event and what is not liked between it and the next.

    It knows what the user did before it; folds count from 1.
    """
    order, borders = data.by_user
    liked = data.liked[order].astype(np.int64)
    through = np.cumsum(liked)
    total = np.append(0, through)[borders]
    left = np.empty(
        len(data), np.int64
    )  # liked events of the same user from this one on, itself included
    left[order] = np.repeat(total[1:], np.diff(borders)) - through + liked
    folds = []
    for n in range(1, split.folds + 3):
        known = data.take((left > n) | ((left == n) & ~data.liked))
        labels = np.where(data.liked, left == n, left == n - 1)
        folds.append(
            make_fold(
                data, fold_name(n - 1, split.folds), known, labels, known.last_times + 1, seen
            )
        )
    thin = f" (no window held {split.users} warm users in every fold, or too few users still come)"
    fallback = "" if split.kind == "last" else thin
    optimistic = "optimistic, sources see others' later events"
    why = f"last: each user's last liked interaction is held out{fallback}; {optimistic}"
    return make_plan("last", None, why, folds, serving_fold(data, data.last_times + 1))
