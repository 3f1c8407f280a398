"""Category: items that are popular within the categories that the user likes."""

from typing import Any, Self

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows, Scores, State, block_rows, blocks
from fusion.core.settings import tunable
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender
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
    """Popularity weighed by taste, with scores popularity * affinity ** strength.

    The affinity with a category is the user's smoothed share of it over everyone's share; an item's
    is the mean over its categories. NaN for items without categories and where popularity is
    silent; without history, popularity.
    """

    Config = CategoryConfig
    reason_text = "it is popular in categories they like"
    needs = frozenset({"categories"})
    _of_items: tuple[csr_array, tuple[Rows, Rows]] | None = None
    """Kinds of items beside the categories that they were made from: a new fit makes them anew."""

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep the categories of items, everyone's shares, and popularity.

        Args:
            data: all that the fold knows.
            ctx: handed on to popularity.

        Returns:
            The source itself.
        """
        self.popular_ = Popularity(self.config).fit(data, ctx)
        self.members_ = category_shares(data.item_table, data.n_items)  # (I, C), rows sum to 1
        events = data.item_counts.astype(np.float32) @ self.members_
        # The bound keeps data without a single category from dividing by zero.
        shares = events / max(events.sum(), 1e-12)
        self.shares_ = shares.astype(np.float32)  # (C,)
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Multiply popularity, as of each user, by affinity.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32; NaN for items without categories and where popularity is silent.
        """
        scores = self.popular_.scores(users)
        affinity, kind_of_item = self._affinity(users)
        scores *= np.take(affinity, kind_of_item, axis=1)
        scores[:, self._has_none] = np.nan
        return scores

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Score pairs only; the same bits as in `scores`.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32; NaN as in `scores`.
        """
        pair_scores = self.popular_.score_pairs(users, pairs)
        first_of_kind, kind_of_item = self._kinds
        kinds = kind_of_item[pairs.items]
        # There may be as many kinds as items.
        for part in blocks(len(users), block_rows(len(first_of_kind), self.block_bytes)):
            in_block = pairs.of_users(part)
            affinity, _ = self._affinity(users.block(part))
            pair_scores[in_block] *= affinity[pairs.owners[in_block] - part.start, kinds[in_block]]
        pair_scores[self._has_none[pairs.items]] = np.nan
        return pair_scores

    @property
    def _has_none(self) -> Flags:
        """Which items (I,) have no category."""
        return np.asarray(np.diff(self.members_.indptr) == 0)

    def _affinity(self, users: UserHistories) -> tuple[Scores, Rows]:
        """Return the weights (B, K) that kinds of items have by taste, and each item's kind (I,).

        A kind is all items with the same categories, of which there are far fewer than items.
        """
        events = (users.seen @ self.members_).toarray()
        # Smoothing: as many events of an average user as `smoothing` says, so that a short
        # history moves little.
        events += np.float32(self.config.smoothing) * self.shares_
        shares = events / events.sum(axis=1, keepdims=True)
        lift = shares / np.maximum(self.shares_, 1e-9)
        first_of_kind, kind_of_item = self._kinds
        of_kinds = self.members_[first_of_kind] @ np.ascontiguousarray(lift.T)
        affinity: Scores = np.ascontiguousarray(of_kinds.T)
        return affinity ** np.float32(self.config.strength), kind_of_item

    @property
    def _kinds(self) -> tuple[Rows, Rows]:
        """Return the first item of each kind (K,), and the kind of each item (I,), made once."""
        cached = self._of_items
        if cached is None or cached[0] is not self.members_:
            cached = self._of_items = (self.members_, kinds_of_rows(self.members_))
        return cached[1]

    def state(self) -> State:
        """Return popularity's events, items' categories as a sparse matrix, everyone's shares."""
        categories = {
            "data": self.members_.data,
            "indices": self.members_.indices,
            "indptr": self.members_.indptr,
        }
        return self.popular_.state() | categories | {"shares": self.shares_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = cls(config)
        model.popular_ = Popularity.restore(config, state)
        model.shares_ = state["shares"]
        shape = (len(state["indptr"]) - 1, len(model.shares_))
        cells = (state["data"], state["indices"], state["indptr"])
        model.members_ = csr_array(cells, shape=shape)
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        The events, and blocks of scores with affinity beside them.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        return 24 * n_events + 200 * n_items + 3 * self.block_bytes


def kinds_of_rows(members: csr_array) -> tuple[Rows, Rows]:
    """Find the rows that are alike.

    Args:
        members: (I, C) whose rows hold their columns in ascending order.

    Returns:
        The first row of each kind (K,), and the kind of each row (I,), both int32.
    """
    kinds: dict[bytes, int] = {}
    firsts: list[int] = []
    kind_of_row = np.empty(members.shape[0], np.int32)
    for row in range(members.shape[0]):
        own = slice(members.indptr[row], members.indptr[row + 1])
        # Shares too: a column that is named twice in a row has another share.
        key = members.indices[own].tobytes() + members.data[own].tobytes()
        kind = kinds.setdefault(key, len(kinds))
        if kind == len(firsts):
            firsts.append(row)
        kind_of_row[row] = kind
    return np.array(firsts, np.int32), kind_of_row


def category_shares(item_table: pl.DataFrame, n_items: int) -> csr_array:
    """Share each item out among its categories, from every category column of the table.

    The same word in two columns is two categories.

    Args:
        item_table: I rows with any number of category columns.
        n_items: I.

    Returns:
        (I, C) float32; the row of an item with categories sums to 1.
    """
    # By name, so that the order of columns in a file does not decide the last bit of a sum.
    shares = all_categories(item_table, by_name=True)
    if shares is None:
        return csr_array((n_items, 0), dtype=np.float32)
    categories_of_item = np.diff(shares.indptr).astype(np.float32)
    shares.data /= categories_of_item[owners_of(shares)]
    return shares
