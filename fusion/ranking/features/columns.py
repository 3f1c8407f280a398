"""Features of a candidate, each declared once: a name, what it needs of the data, and how it is computed."""

from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import DAY, Scores
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.rank_fusion import blend
from fusion.ranking.features.registry import FEATURES, FeatureBlock, feature
from fusion.ranking.features.source_columns import STEADY_OF_SOURCES, source_columns, source_of

SPANS = {7: "this week", 28: "this month", 91: "in the last three months", 365: "this year"}
"""Days over which an item's recent share of all interactions is taken, and what people call them.
"""


def feature_columns(found: Candidates, known: ItemStatistics) -> dict[str, Scores]:
    """Every feature of a block's candidates, (C,) float32 by name, in a fixed order; missing is NaN."""
    block = FeatureBlock(found, known)
    columns = source_columns(block)
    for declared in FEATURES:
        if not declared.needs or declared.needs in known.capabilities:
            columns[declared.name] = declared.compute(block).astype(np.float32)
    return columns


def steady_columns(columns: Iterable[str]) -> list[str]:
    """Those columns of a table whose spread should be the same in the next window."""
    declared = {one.name for one in FEATURES if one.steady}
    return [
        name
        for name in columns
        if name in declared or (source_of(name) and name.endswith(STEADY_OF_SOURCES))
    ]


AGREED = "several methods agree on it"


@feature("blend", "reciprocal-rank fusion of all sources", reason_text=AGREED, steady=True)
def _blend(b: FeatureBlock) -> Scores:
    return blend(b.ranks)


@feature("proposed_by", "how many sources proposed it", reason_text=AGREED, steady=True)
def _proposed_by(b: FeatureBlock) -> NDArray[np.floating]:
    return (~np.isnan(b.found.places)).sum(axis=1).astype(np.float32)


@feature("best_rank", "the best rank any source gives it", reason_text=AGREED, steady=True)
def _best_rank(b: FeatureBlock) -> Scores:
    return np.nanmin(np.column_stack([b.ranks, np.full(len(b.items), 1e6, np.float32)]), axis=1)


@feature("user_events", "log of the user's known interactions")
def _user_events(b: FeatureBlock) -> NDArray[np.floating]:
    return np.log1p(b.found.users.counts)[b.owners]


@feature("user_mainstream", "mean log count of what the user met")
def _user_mainstream(b: FeatureBlock) -> Scores:
    return b.mean_of_history(b.known.log_counts)


@feature("user_idle_days", "days since the user's last interaction", "times")
def _user_idle(b: FeatureBlock) -> NDArray[np.floating]:
    users = b.found.users
    last = np.where(
        users.counts > 0,
        users.times[np.maximum(users.borders[1:] - 1, 0)] if len(users.times) else 0,
        -1,
    )
    return np.where(last >= 0, (users.as_of - last) / DAY, np.nan)[b.owners]


@feature(
    "item_share",
    "log of the item's share of all interactions so far",
    reason_text="many people took it",
)
def _item_share(b: FeatureBlock) -> NDArray[np.floating]:
    if "times" not in b.known.capabilities:
        return b.known.log_counts[b.items] - np.log1p(b.known.n_events)
    return b.share()


for _days, _when in SPANS.items():
    feature(
        f"item_share_{_days}d",
        f"the same over the last {_days} days",
        "times",
        f"many people took it {_when}",
    )(partial(FeatureBlock.share, span=_days))


@feature(
    "item_trend",
    "log ratio of the item's share in the last 28 days to its share in the last 365",
    "times",
    "it is on the rise",
)
def _item_trend(b: FeatureBlock) -> NDArray[np.floating]:
    return b.share(28) - b.share(365)


@feature(
    "item_age_days",
    "days from the item's first interaction to the user's moment",
    "times",
    "its age speaks for it",
)
def _item_age(b: FeatureBlock) -> NDArray[np.floating]:
    first = b.known.moments.first(b.items, b.as_of)
    return np.where(first >= 0, (b.as_of - first) / DAY, np.nan)


@feature("item_idle_days", "days since anyone took the item", "times", "somebody took it just now")
def _item_idle(b: FeatureBlock) -> NDArray[np.floating]:
    newest = b.known.moments.newest(b.items, b.as_of)
    return np.where(newest >= 0, (b.as_of - newest) / DAY, np.nan)


@feature(
    "item_weight",
    "mean weight of the item, drawn towards the overall mean",
    "weights",
    "those who took it liked it",
    steady=True,
)
def _item_weight(b: FeatureBlock) -> Scores:
    return b.known.mean_weights[b.items]


@feature(
    "category_affinity",
    "how much of the user's history shares the item's categories, beside everyone's",
    "categories",
    "it is of a kind they like",
    steady=True,
)
def _category_affinity(b: FeatureBlock) -> Scores:
    return b.known.affinity(b.found.users, b.owners, b.items)


@feature(
    "category_affinity_last",
    "the same for the user's newest ten interactions",
    "categories",
    "it is of the kind they took last",
    steady=True,
)
def _category_affinity_last(b: FeatureBlock) -> Scores:
    return b.known.affinity(b.found.users.last(10), b.owners, b.items)
