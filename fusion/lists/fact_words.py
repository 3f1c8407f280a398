"""Reasons that name an item of the user's own: same director as Heat."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import Rows, ragged_index
from fusion.data.histories import UserHistories
from fusion.ingest.tables import TEXT_SEPARATOR
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.registry import RECENT_EVENTS
from fusion.ranking.features.side_columns import relation_columns

NAMED = "same {relation} as {item}"
"""Sentence of a fact that is shared with an item of the user's newest ones."""
LONGEST_TITLE = 80
"""Letters of an item's text that stand in a reason."""


@dataclass(frozen=True)
class FactWords:
    """Finds the item whose fact a listed item shares, and puts both into words.

    Attributes:
        statistics: of the items, with their facts.
        relation_of: place of the relation, by the number of its reason.
    """

    statistics: ItemStatistics
    relation_of: Mapping[int, int]

    @classmethod
    def of(cls, statistics: ItemStatistics, of_column: Mapping[str, int]) -> "FactWords":
        """Look up which reasons are about one relation.

        Args:
            statistics: of the items, with facts perhaps.
            of_column: number of the reason of each column of the ranking table.

        Returns:
            The words; without facts there is no such reason.
        """
        names = relation_columns(statistics.data)
        relation_of = {of_column[name]: place for place, name in enumerate(names)}
        return cls(statistics, relation_of)

    def shared_with(self, users: UserHistories, owners: NDArray[np.integer], items: Rows) -> Rows:
        """Find the newest item of each user that shares the rarest fact with a listed item.

        Args:
            users: B users with their histories.
            owners: index (n,) of each listed row's user.
            items: listed items (n,).

        Returns:
            (n, R) item rows by relation, -1 where no fact is shared.
        """
        shared = np.full((len(items), len(self.relation_of)), -1, np.int32)
        if not self.relation_of:
            return shared
        recent = users.last(RECENT_EVENTS)
        newest_first = pl.DataFrame(
            {"owner": recent.owners[::-1], "item": recent.items[::-1]}
        ).with_row_index("age")
        taken = self._with_facts(newest_first, users).select("owner", "value", "item", "age")
        listed = pl.DataFrame({"owner": owners.astype(np.int32), "item": items})
        facts = self._with_facts(listed.with_row_index("row"), users).drop("item")
        both = facts.join(taken, on=["owner", "value"])
        rarity = self.statistics.fact_rarity[both["value"].to_numpy()]
        relation = self.statistics.facts.relations[both["value"].to_numpy()]
        ranked = both.with_columns(
            pl.Series("rarity", rarity), pl.Series("relation", relation)
        ).filter(pl.col("relation") < shared.shape[1])
        order = ["rarity", "age", "value"]
        best = ranked.sort(order, descending=[True, False, False]).unique(
            ["row", "relation"], keep="first", maintain_order=True
        )
        shared[best["row"].to_numpy(), best["relation"].to_numpy()] = best["item"].to_numpy()
        return shared

    def _with_facts(self, rows: pl.DataFrame, users: UserHistories) -> pl.DataFrame:
        """Repeat rows (`owner`, `item`, ...) for each `value` that counts for the owner by now."""
        index = self.statistics.facts
        items = rows["item"].to_numpy()
        starts = index.borders[items]
        counts = index.borders[items + 1] - starts
        positions = ragged_index(starts, counts)
        repeated = rows[np.repeat(np.arange(len(rows)), counts)]
        has_counted = index.moments[positions] < users.as_of[repeated["owner"].to_numpy()]
        values = pl.Series("value", index.values[positions])
        return repeated.with_columns(values).filter(pl.Series(has_counted))

    def sentence(self, place: int, item: int) -> str:
        """Put a shared fact into words.

        Args:
            place: of the relation.
            item: row of the item that shares it.

        Returns:
            What follows "because".
        """
        relation = self.statistics.data.facts.relations[place]
        return NAMED.format(relation=relation, item=self._title(item))

    def _title(self, item: int) -> str:
        """Take the first part of an item's text, or its id."""
        text = self._texts[item] if self._texts is not None else None
        title = (text or "").partition(TEXT_SEPARATOR)[0].strip()[:LONGEST_TITLE]
        return title or str(self.statistics.data.item_ids.values[item])

    @cached_property
    def _texts(self) -> pl.Series | None:
        table = self.statistics.data.item_table
        return table["text"] if "text" in table.columns else None
