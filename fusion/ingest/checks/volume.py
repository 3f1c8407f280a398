"""Checks of how much there is and whether it can be learned from: sizes, repeats, times, weights, labels."""

import numpy as np
import polars as pl

from fusion.core.arrays import DAY
from fusion.core.findings import Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check

ENOUGH_ROWS, ENOUGH_USERS, EVENTS = 1000, 50, 3
EIGHTIES = 3652 * DAY

DUPLICATES = declare(
    FindingKind(
        "duplicate_rows",
        "warning",
        "rows equal to an earlier one in every column that is read",
        "the first stays, the others are left out",
        "Export each event once; without a time column, give counts as weight.",
    )
)
REPEATS = declare(
    FindingKind(
        "repeats",
        "warning",
        "a user who meets an item again",
        "all are kept; sources see them added up",
        "Nothing needs doing where people come back to things.",
    )
)
ONE_USER = declare(
    FindingKind(
        "single_user",
        "error",
        "one user only",
        "nothing can be learned",
        "Check [data.columns] user.",
    )
)
ONE_ITEM = declare(
    FindingKind(
        "single_item",
        "error",
        "one item only",
        "nothing can be learned",
        "Check [data.columns] item.",
    )
)
TOO_FEW = declare(
    FindingKind(
        "too_few_interactions",
        "warning",
        f"fewer than {ENOUGH_ROWS} interactions, or fewer than {ENOUGH_USERS} users with {EVENTS} or more",
        "training goes on; windows to judge it will be too small to trust",
        "Give more history.",
    )
)
SAME_TIMES = declare(
    FindingKind(
        "constant_time",
        "warning",
        "all times equal",
        "the order of the file counts; nothing can be split by time",
        "Give the column with the time of the event, not of the export.",
    )
)
OLD_TIMES = declare(
    FindingKind(
        "old_time",
        "warning",
        "times before 1980",
        "they are kept",
        "Check that the column holds times, not numbers of days or steps.",
        0.5,
    )
)
SAME_WEIGHTS = declare(
    FindingKind(
        "constant_weight",
        "warning",
        "all weights equal",
        "weights teach nothing",
        "Leave the weight column out, or name another.",
    )
)
NONE_LIKED = declare(
    FindingKind(
        "none_liked",
        "error",
        "no interaction that [data] positive calls liked",
        "there is nothing to learn",
        "Mend [data] positive; it may use another scale than the data.",
    )
)
UNUSED_EVENTS = declare(
    FindingKind(
        "unused_event",
        "warning",
        "a name in [data.events] that no row has",
        "it has no effect",
        "Correct the name, or remove it.",
    )
)
NO_CUT = declare(
    FindingKind(
        "as_of_without_times",
        "warning",
        "a run as of a moment over data without times",
        "everything is used",
        "Name a time column in [data.columns], or leave --as-of out.",
    )
)


@data_check
def repeats(facts: Facts) -> Finding | None:
    """Pairs of user and item met more than once, at other times or with other weights."""
    data = facts.dataset
    pairs = np.sort(data.users.astype(np.int64) * data.n_items + data.items)
    again = pairs[1:][pairs[1:] == pairs[:-1]]
    if not len(again):
        return None
    users, items = np.divmod(np.unique(again)[:3], data.n_items)
    named = zip(
        data.user_ids.texts(users.astype(np.int32)),
        data.item_ids.texts(items.astype(np.int32)),
        strict=True,
    )
    examples = [{"user": user, "item": item} for user, item in named]
    message = f"{len(again)} of {len(data)} interactions are repeats of a user's with the same item"
    return REPEATS.finding("interactions", len(again), message, examples)


@data_check
def single_user(facts: Facts) -> Finding | None:
    """Nobody to compare with."""
    if int((facts.dataset.user_counts > 0).sum()) > 1:
        return None
    name = facts.dataset.user_ids.values[0]
    return ONE_USER.finding("users", 1, "all interactions are of one user", [{"id": name}])


@data_check
def single_item(facts: Facts) -> Finding | None:
    """Nothing to choose from."""
    if int((facts.dataset.item_counts > 0).sum()) > 1:
        return None
    name = facts.dataset.item_ids.values[0]
    return ONE_ITEM.finding("items", 1, "all interactions are with one item", [{"id": name}])


@data_check
def too_few_interactions(facts: Facts) -> Finding | None:
    """Users with fewer than three events give nothing to learn from and be judged on."""
    able = int((facts.dataset.user_counts >= EVENTS).sum())
    if len(facts.dataset) >= ENOUGH_ROWS and able >= ENOUGH_USERS:
        return None
    message = f"there are {len(facts.dataset)} interactions, and {able} users with {EVENTS} or more"
    return TOO_FEW.finding("interactions", len(facts.dataset), message)


@data_check
def constant_time(facts: Facts) -> Finding | None:
    """Times in order: the first and the last tell."""
    data = facts.dataset
    if not data.has_times or data.times[0] != data.times[-1]:
        return None
    message = f"all {len(data)} interactions have the same time"
    return SAME_TIMES.finding(
        "interactions", len(data), message, [{"time": _iso(int(data.times[0]))}]
    )


@data_check
def old_time(facts: Facts) -> Finding | None:
    """Small integers read as epoch seconds fall into 1970."""
    data = facts.dataset
    old = int(np.searchsorted(data.times, EIGHTIES)) if data.has_times else 0
    if not old:
        return None
    message = f"{old} of {len(data)} interactions happened before 1980"
    return OLD_TIMES.finding(
        "interactions", old, message, [{"time": _iso(int(data.times[0]))}], len(data)
    )


def _iso(time: int) -> str:
    return str(pl.Series([time]).cast(pl.Datetime("ms")).dt.to_string("%Y-%m-%dT%H:%M:%SZ")[0])


@data_check
def constant_weight(facts: Facts) -> Finding | None:
    """A weight column of one value."""
    data = facts.dataset
    if not data.has_weights or data.weights.min() != data.weights.max():
        return None
    message = f"all {len(data)} weights are equal"
    return SAME_WEIGHTS.finding(
        "interactions", len(data), message, [{"weight": float(data.weights[0])}]
    )


@data_check
def none_liked(facts: Facts) -> Finding | None:
    """An expression that nothing meets."""
    if facts.dataset.liked.any():
        return None
    message = f"no interaction meets [data] positive = {facts.settings.positive!r}"
    return NONE_LIKED.finding("interactions", len(facts.dataset), message)
