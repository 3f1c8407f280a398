"""Folds whose labels are drawn by hash, for data without times."""

from dataclasses import replace

import numpy as np

from fusion.config import SplitSettings
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.defaults import DEFAULTS
from fusion.data.splitting.fold import Plan, fold_name, make_fold, make_plan, serving_fold


def plan_random_folds(data: Dataset, split: SplitSettings, seen: bool, seed: int) -> Plan:
    """Plan folds that each hold out a share of the (user, item) pairs.

    A fold knows all pairs but its own share and the verdict's. No share is later than another, so
    nothing speaks against knowing the labels of other folds, and the ranker learns from fits on
    nearly as much data as those that serve. Shares cut across time, so times are put aside:
    nothing may take the events around a held-out one for its past.

    Args:
        data: all interactions.
        split: its `folds` label folds are planned.
        seen: items of a user's history may be labels again.
        seed: of the draws.

    Returns:
        The plan; its data has no times.

    Raises:
        DataError: too few users have enough events.
    """
    n_folds = split.folds + 2  # with tune and verdict
    share = _held_out_share(len(data), n_folds)
    why = f"random: {share:.0%} of pairs a fold by hash"
    if not data.has_times:
        why += ", since the data has no times"
    data = replace(data, has_times=False, times=np.zeros_like(data.times))
    # Repeats of a pair share its hash, so they are held out together.
    place = shares(seed, data.users, data.items)
    as_of = np.full(data.n_users, data.as_of, np.int64)
    in_verdict = place < share
    folds = []
    for n in range(n_folds):
        begin = n * share
        end = (n + 1) * share
        held_out = (place >= begin) & (place < end)
        known = data.take(~in_verdict & ~held_out)
        folds.append(make_fold(data, fold_name(n, split.folds), known, held_out, as_of, seen))
    return make_plan("random", None, why, folds, serving_fold(data, as_of))


def _held_out_share(n_interactions: int, n_folds: int) -> float:
    enough = DEFAULTS.enough_held_out / max(1, n_interactions)
    clipped = np.clip(enough, DEFAULTS.min_held_out_share, DEFAULTS.max_held_out_share)
    # Of many folds, each takes an equal part of everything.
    return min(float(clipped), 1 / n_folds)
