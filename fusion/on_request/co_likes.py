"""Which items the same users like, and a list from a few likes by a regression on them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Rows, Scores
from fusion.errors import DataError
from fusion.on_request.by_items import RankedItems
from fusion.on_request.questions import MOST_KNOWN, answer_noise

CO_LIKES = "co_likes"
"""Stands where a list names the source that ranks an item best."""


@dataclass(frozen=True)
class CoLikes:
    """Shares of users who like items, and the largest covariances of these likes.

    Attributes:
        items: (T,) int32, ascending.
        shares: (T,) float32, of the users who like each.
        near: (T, K) int32 places in `items`: with whose likes those of an item covary most.
        covariances: (T, K) float32, with each of these.
    """

    items: Rows
    shares: Scores
    near: Rows
    covariances: Scores

    @classmethod
    def read(cls, file: Path) -> "CoLikes":
        """Read what `write` wrote.

        Args:
            file: of the run folder; runs of older releases have none, and know nothing.

        Raises:
            DataError: it is damaged.
        """
        if not file.exists():
            nothing = np.empty(0, np.int32), np.empty(0, np.float32)
            return cls(*nothing, nothing[0].reshape(0, 0), nothing[1].reshape(0, 0))
        try:
            table = pl.read_parquet(file)
            near, covariances = (_matrix(table[name]) for name in ("near", "covariances"))
            return cls(table["item"].to_numpy(), table["share"].to_numpy(), near, covariances)
        except (OSError, ValueError, pl.exceptions.PolarsError) as damaged:
            raise DataError(
                f"{file} is damaged: {damaged}. Put it back from a backup, or train anew: "
                "`fusion run`"
            ) from damaged

    def write(self, file: Path) -> None:
        """Write it as Parquet: a row for each item.

        Args:
            file: to write.
        """
        columns = {"item": self.items, "share": self.shares}
        lists = {
            "near": pl.Series(self.near.tolist(), dtype=pl.List(pl.Int32)),
            "covariances": pl.Series(self.covariances.tolist(), dtype=pl.List(pl.Float32)),
        }
        pl.DataFrame(columns | lists).write_parquet(file)

    def rank(self, liked: Rows, may: Flags, k: int) -> RankedItems:
        """Rank items by how likely somebody who likes some is to like them.

        A ridge regression of likes on those of the given items S, all of which are liked:
        share + cov_TS (cov_SS + noise)^-1 (1 - share_S). One item moves the list a little away
        from what most users like, and the next ones move it further.

        Args:
            liked: (n,) int32 items.
            may: (I,) items that may be listed.
            k: places of the list.

        Returns:
            At most k others; a score is the share of such users who like it, as estimated. Nothing
            where no item of `liked` is known here.
        """
        given = np.flatnonzero(np.isin(self.items, liked))
        if not len(given):
            return RankedItems(np.empty(0, np.int32), np.empty(0, np.float32))
        with_given = self._covariances_with(given)
        own = with_given[given] + self._noise * np.eye(len(given))
        weights = np.linalg.solve(own, 1.0 - self.shares[given])
        scores = (self.shares + with_given @ weights).astype(np.float32)
        shown = may[self.items]
        shown[given] = False
        places = np.flatnonzero(shown)
        order = places[np.lexsort((self.items[places], -scores[places]))][:k]
        return RankedItems(self.items[order], scores[order], (CO_LIKES,) * len(order))

    def _covariances_with(self, given: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the covariances (T, n) of all with n items, 0 where they are not kept."""
        kept = np.zeros((len(self.items), len(given)))
        columns = np.arange(len(given))
        kept[self.near[given].T, columns] = self.covariances[given].T
        # Of two given items one may keep the other alone; both ways it is the same number.
        own = kept[given]
        kept[given] = np.where(own == 0, own.T, own)
        return kept

    @cached_property
    def _noise(self) -> float:
        """Variance of a like that is no taste, as for answers to questions."""
        return answer_noise(-np.sort(-self.shares)[:MOST_KNOWN])


def _matrix(lists: pl.Series) -> NDArray[Any]:
    """Return lists of one length as a matrix (T, K)."""
    values = lists.explode(empty_as_null=False).to_numpy()
    return values.reshape(len(lists), len(values) // max(len(lists), 1))
