"""Category: what is popular within the categories that the user likes."""

from typing import Any, Self

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Scores, State
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.recommender import FitContext, Recommender
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import owners_of
from fusion.models.popularity import Popularity, PopularityConfig


class CategoryConfig(PopularityConfig):
    """Settings of `category`."""

    smoothing: float = tunable(
        10.0, 1, 100, log=True, description="events of an average user added to each history"
    )
    strength: float = tunable(
        1.0, 0.2, 4, log=True, description="power of the affinity; 0 would be popularity alone"
    )


@register("category")
class Category(Recommender):
    """Scores are popularity * affinity ** strength: how much more of the item's categories the user takes than others.

    The affinity with a category is the user's smoothed share of it over everyone's share; an item's
    is the mean over its categories. NaN for items without categories and where popularity is
    silent; without history, popularity.
    """

    Config = CategoryConfig
    reason_text = "it is popular in categories they like"
    needs = frozenset({"category"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep who has which category, everyone's shares, and popularity."""
        self.popular_ = Popularity(self.config).fit(data, ctx)
        self.members_ = memberships(data.item_table, data.n_items)  # (I, C), rows sum to 1
        taken = data.item_counts.astype(np.float32) @ self.members_
        self.shares_ = (taken / max(taken.sum(), 1e-12)).astype(np.float32)  # (C,)
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Popularity as of each user times affinity."""
        found = self.popular_.scores(users)
        found *= self._affinity(users) ** np.float32(self.config.strength)
        found[:, np.diff(self.members_.indptr) == 0] = np.nan
        return found

    def _affinity(self, users: UserHistories) -> Scores:
        taken = (users.seen @ self.members_).toarray()
        taken += np.float32(self.config.smoothing) * self.shares_
        shares = taken / taken.sum(axis=1, keepdims=True)
        lift = shares / np.maximum(self.shares_, 1e-9)
        mine: Scores = (self.members_ @ np.ascontiguousarray(lift.T)).T
        return mine

    def state(self) -> State:
        """Popularity's events, categories of items as a sparse matrix's arrays, and everyone's shares."""
        kept = {
            "data": self.members_.data,
            "indices": self.members_.indices,
            "indptr": self.members_.indptr,
        }
        return self.popular_.state() | kept | {"shares": self.shares_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model.popular_ = Popularity.restore(config, state)
        model.shares_ = state["shares"]
        shape = (len(state["indptr"]) - 1, len(model.shares_))
        model.members_ = csr_array((state["data"], state["indices"], state["indptr"]), shape=shape)
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """The events, and blocks of scores with affinity beside them."""
        return 24 * n_events + 200 * n_items + 3 * self.block_bytes


def memberships(item_table: pl.DataFrame, n_items: int) -> csr_array:
    """Categories of items (I, C) float32, each item's summing to 1, from every list column of the table."""
    lists = [name for name, kind in item_table.schema.items() if isinstance(kind, pl.List)]
    pairs = [
        item_table.select(
            pl.row_index("row"), pl.lit(name).alias("column"), pl.col(name).alias("value")
        )
        .explode("value")
        .drop_nulls()
        for name in lists
    ]
    if not pairs:
        return csr_array((n_items, 0), dtype=np.float32)
    number = pl.struct("column", "value").rank("dense").cast(pl.Int32) - 1
    table = pl.concat(pairs).unique().select("row", number.alias("number")).sort("row", "number")
    rows, numbers = table["row"].to_numpy(), table["number"].to_numpy()
    found = csr_array(
        (np.ones(len(rows), np.float32), (rows, numbers)),
        shape=(n_items, int(numbers.max(initial=-1)) + 1),
    )
    found.data /= np.diff(found.indptr).astype(np.float32)[owners_of(found)]
    return found
