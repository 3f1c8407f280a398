"""Questions to somebody new, and what the answers say of other items."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Scores
from fusion.on_request.by_items import RankedItems
from fusion.on_request.optimal_design import Matrix

MOST_KNOWN = 200
"""Items that may be asked about, those that most users like: others are known to too few. With 100
or 500, lists from the answers were about as good."""


@dataclass(frozen=True)
class Questions:
    """What to ask, and a linear map from the answers to the likes of other items.

    An answer is 1 where somebody likes the item, else 0. As in any history of likes, it says
    something, too, that an item is not there: who does not know what half of all users like is
    unlike them.

    Attributes:
        items: (Q,) int32 to ask about, in this order.
        explained: (Q,) float32, share of the variance of all likes that the answers up to this one
            explain.
        targets: (T,) int32 items on which answers bear, ascending.
        shares: (T,) float32, of the users who like each.
        covariance: (T, Q) float32, of the likes of targets and questions.
    """

    items: Rows
    explained: Scores
    targets: Rows
    shares: Scores
    covariance: Scores

    @classmethod
    def read(cls, file: Path) -> "Questions":
        """Read questions.

        Args:
            file: that `write` wrote.
        """
        table = pl.read_parquet(file)
        asked = table.drop_nulls("place").sort("place")
        covariance = table["covariance"].explode(empty_as_null=False).to_numpy()
        return cls(
            items=asked["item"].to_numpy(),
            explained=asked["explained"].to_numpy(),
            targets=table["item"].to_numpy(),
            shares=table["share"].to_numpy(),
            covariance=covariance.reshape(len(table), len(asked)),
        )

    def write(self, file: Path) -> None:
        """Write the questions as Parquet: a row for each target.

        Args:
            file: to write.
        """
        places = np.arange(1, len(self.items) + 1, dtype=np.int32)
        asked = pl.DataFrame({"item": self.items, "place": places, "explained": self.explained})
        covariance = pl.Series(self.covariance.tolist(), dtype=pl.List(pl.Float32))
        targets = pl.DataFrame(
            {"item": self.targets, "share": self.shares, "covariance": covariance}
        )
        targets.join(asked, on="item", how="left", maintain_order="left").write_parquet(file)

    def liked_by(self, items: Rows) -> Scores:
        """Return the share of users who like each of some questions.

        Args:
            items: (n,) int32 of `items`.

        Returns:
            (n,) float32.
        """
        return self.shares[np.searchsorted(self.targets, items)]

    def rank(self, answers: Mapping[int, float], may: Flags, k: int) -> RankedItems:
        """Rank items by how likely somebody who answered so is to like them.

        A ridge regression of likes on the answers a to the questions S:
        share_T + cov_TS (cov_SS + noise)^-1 (a - share_S).

        Args:
            answers: item of a question -> 1 where they like it, else 0.
            may: (I,) items that may be listed.
            k: places of the list.

        Returns:
            At most k items; a score is the share of such users who like it, as estimated.
        """
        places = np.flatnonzero(np.isin(self.items, list(answers)))
        items = self.items[places]
        own = self.covariance[np.searchsorted(self.targets, items)][:, places].astype(np.float64)
        surprise = np.array([answers[item] for item in items.tolist()]) - self.liked_by(items)
        weights = np.linalg.solve(own + self._noise * np.eye(len(own)), surprise)
        scores = (self.shares + self.covariance[:, places] @ weights).astype(np.float32)
        shown = may[self.targets]
        order = np.lexsort((self.targets[shown], -scores[shown]))[:k]
        return RankedItems(self.targets[shown][order], scores[shown][order])

    @cached_property
    def _noise(self) -> float:
        """That by which the questions were chosen."""
        return answer_noise(-np.sort(-self.shares)[:MOST_KNOWN])


def answer_noise(shares: Scores | Matrix) -> float:
    """Return the variance of an answer that is no taste: as much as answers vary on average.

    With half or twice as much, lists from the answers were about as good.

    Args:
        shares: of the users who like each item that may be asked about.
    """
    return float((shares * (1 - shares)).mean()) if len(shares) else 0.0
