"""Folds whose labels are drawn by hash, for data without times."""

from dataclasses import replace

import numpy as np

from fusion.config import SplitSettings
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan, fold_name, make_fold, make_plan, serving_fold

MAX_HELD_OUT_SHARE = 0.1
"""Largest share of all (user, item) pairs that a fold holds out.

Held-out items stand among a user's candidates. The more there are, the easier the first places
are, and a ranker that learned from such lists trusts the best source too little where nothing is
held out.
"""
MIN_HELD_OUT_SHARE = 0.05
"""Smallest share of all (user, item) pairs that a fold holds out, of however much data."""
ENOUGH_HELD_OUT = 40_000
"""Interactions that are enough to hold out: with more data, the share falls."""


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
    enough = ENOUGH_HELD_OUT / max(1, n_interactions)
    share = float(np.clip(enough, MIN_HELD_OUT_SHARE, MAX_HELD_OUT_SHARE))
    # Of many folds, each takes an equal part of everything.
    return min(share, 1 / n_folds)
