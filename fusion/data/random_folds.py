"""Plan folds whose labels are drawn at random, for data without times."""

from dataclasses import replace

import numpy as np

from fusion.config import SplitSettings
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan, fold_name, make_fold, make_plan, serving_fold

MAX_HELD_OUT_SHARE, MIN_HELD_OUT_SHARE = 0.1, 0.05
"""Share of all (user, item) pairs that each fold of a random split holds out; the less the more there are.

What a fold does not know stands among a user's candidates, so the more is held out the easier the
first places are: a ranker taught by that trusts the best source too little where nothing is held
out.
"""
ENOUGH_HELD_OUT = 40_000
"""Interactions that are enough to hold out."""


def plan_random_folds(data: Dataset, split: SplitSettings, seen: bool, seed: int) -> Plan:
    """Fold n holds out the pairs whose hash falls into its share, and knows all others but the verdict's.

    No share is later than another, so nothing speaks against knowing the labels of other folds, and
    the ranker learns from fits on nearly as much as those that serve. Shares cut across time, so
    times are put aside: nothing may take a held-out event's neighbours for its past.
    """
    share = min(
        float(np.clip(ENOUGH_HELD_OUT / max(1, len(data)), MIN_HELD_OUT_SHARE, MAX_HELD_OUT_SHARE)),
        1 / (split.folds + 2),
    )
    why = f"random: {share:.0%} of pairs a fold by hash" + (
        "" if data.has_times else ", since the data has no times"
    )
    data = replace(data, has_times=False, times=np.zeros_like(data.times))
    place = shares(seed, data.users, data.items)
    as_of = np.full(data.n_users, data.as_of, np.int64)
    folds = []
    for n in range(split.folds + 2):
        labels = (place >= n * share) & (place < (n + 1) * share)
        known = data.take((place >= share) & ~labels)
        folds.append(make_fold(data, fold_name(n, split.folds), known, labels, as_of, seen))
    return make_plan("random", None, why, folds, serving_fold(data, as_of))
