"""The features of a candidate, each declared once: name, meaning, needs, reason and formula.

The order here is the order of the table's columns, after those of the sources.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import DAY, Scores
from fusion.ranking.features.rank_fusion import best_rank, blend, proposal_count
from fusion.ranking.features.registry import RECENT_EVENTS, FeatureBlock, feature

AGREED = "several methods agree on it"
"""Reason of every feature that is high where sources agree: people read it once."""
RECENT_SPANS = {7: "this week", 28: "this month", 91: "in the last three months", 365: "this year"}
"""Days over which an item's recent share of all interactions is taken, and what people call them.

From a week to a year, each about four times as long as the one before: what is new and what lasts.
"""


# What the sources make of the candidate together.


@feature("blend", "reciprocal-rank fusion of all sources", reason_text=AGREED, steady=True)
def _blend(block: FeatureBlock) -> Scores:
    return blend(block.ranks)


@feature("proposed_by", "how many sources proposed it", reason_text=AGREED, steady=True)
def _proposed_by(block: FeatureBlock) -> Scores:
    return proposal_count(~np.isnan(block.candidates.places))


@feature("best_rank", "the best rank any source gives it", reason_text=AGREED, steady=True)
def _best_rank(block: FeatureBlock) -> Scores:
    return best_rank(block.ranks)


# The user alone: the same for all their candidates, yet trees split by it.


@feature("user_events", "log of the user's known interactions")
def _user_events(block: FeatureBlock) -> NDArray[np.floating]:
    return np.log1p(block.candidates.users.counts)[block.owners]


@feature("user_mainstream", "mean log count of what the user has seen")
def _user_mainstream(block: FeatureBlock) -> Scores:
    return block.mean_of_history(block.statistics.log_counts)


@feature("user_idle_days", "days since the user's last interaction", needs={"times"})
def _user_idle_days(block: FeatureBlock) -> NDArray[np.floating]:
    users = block.candidates.users
    if len(users.times):
        # Events stand oldest first; a user without any gets some index, masked below.
        last_event = np.maximum(users.borders[1:] - 1, 0)
        last_time = np.where(users.counts > 0, users.times[last_event], -1)
    else:
        last_time = np.full(len(users), -1, np.int64)
    idle_days = (users.as_of - last_time) / DAY
    return np.where(last_time >= 0, idle_days, np.nan)[block.owners]


# How popular the item is, how lately, and for how long.


@feature(
    "item_share",
    "log of the item's share of all interactions so far",
    reason_text="many people took it",
)
def _item_share(block: FeatureBlock) -> NDArray[np.floating]:
    statistics = block.statistics
    if "times" in statistics.data.capabilities:
        return block.log_share()
    # Without times every known interaction counts, whatever the user's moment.
    return statistics.log_counts[block.items] - np.log1p(statistics.n_events)


def _declare_recent_share(days: int, phrase: str) -> None:
    """Declare the item's share of the interactions of the last `days`."""

    @feature(
        f"item_share_{days}d",
        f"the same over the last {days} days",
        needs={"times"},
        reason_text=f"many people took it {phrase}",
    )
    def _recent_share(block: FeatureBlock) -> Scores:
        return block.log_share(days)


for _days, _phrase in RECENT_SPANS.items():
    _declare_recent_share(_days, _phrase)


@feature(
    "item_trend",
    "log ratio of the item's share in the last 28 days to its share in the last 365",
    needs={"times"},
    reason_text="it is on the rise",
)
def _item_trend(block: FeatureBlock) -> NDArray[np.floating]:
    return block.log_share(28) - block.log_share(365)


@feature(
    "item_age_days",
    "days from the item's first interaction to the user's moment",
    needs={"times"},
    reason_text="its age speaks for it",
)
def _item_age_days(block: FeatureBlock) -> NDArray[np.floating]:
    first = block.statistics.timeline.first(block.items, block.as_of)
    age_days = (block.as_of - first) / DAY
    return np.where(first >= 0, age_days, np.nan)


@feature(
    "item_idle_days",
    "days since anyone took the item",
    needs={"times"},
    reason_text="somebody took it just now",
)
def _item_idle_days(block: FeatureBlock) -> NDArray[np.floating]:
    newest = block.statistics.timeline.newest(block.items, block.as_of)
    idle_days = (block.as_of - newest) / DAY
    return np.where(newest >= 0, idle_days, np.nan)


# How much people like the item, and how well its kind suits the user.


@feature(
    "item_weight",
    "mean weight of the item, drawn towards the overall mean",
    needs={"weights"},
    reason_text="those who took it liked it",
    steady=True,
)
def _item_weight(block: FeatureBlock) -> Scores:
    return block.statistics.mean_weights[block.items]


@feature(
    "category_affinity",
    "how much of the user's history shares the item's categories, beside everyone's",
    needs={"categories"},
    reason_text="it is of a kind they like",
    steady=True,
)
def _category_affinity(block: FeatureBlock) -> Scores:
    users = block.candidates.users
    return block.statistics.affinity(users, block.owners, block.items)


@feature(
    "category_affinity_last",
    "the same for the user's newest ten interactions",
    needs={"categories"},
    reason_text="it is of the kind they took last",
    steady=True,
)
def _category_affinity_last(block: FeatureBlock) -> Scores:
    users = block.candidates.users.last(RECENT_EVENTS)
    return block.statistics.affinity(users, block.owners, block.items)
