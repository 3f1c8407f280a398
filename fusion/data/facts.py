"""Facts about items: (item, relation, value) with a moment from which each counts."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from fusion.core.arrays import Offsets, Rows, Times, offsets

LARGE_RELATIONS = 4
"""Relations with columns and weights of their own, those with most facts."""
ALWAYS = np.iinfo(np.int64).min
"""Moment of a fact that has counted since ever."""
SCHEMA = {
    "item": pl.Int32,
    "relation": pl.String,
    "value": pl.String,
    "valid_from": pl.Int64,
}
"""Columns of a table of facts; `valid_from` is epoch ms, null for facts that always count."""


def no_facts() -> pl.DataFrame:
    """Return a table of facts without a row."""
    return pl.DataFrame(schema=SCHEMA)


@dataclass(frozen=True)
class ItemFacts:
    """Facts about the items of a dataset.

    Attributes:
        table: `SCHEMA`, by item, relation and value, each fact once.
        relations: names of all relations of the data: the `LARGE_RELATIONS` by name, then the
            others by name. They are the same for every fold, whichever facts it knows, so that
            columns made of them are, too; and a later fact moves none of them easily.
    """

    table: pl.DataFrame = field(default_factory=no_facts)
    relations: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def before(self, time: int) -> "ItemFacts":
        """Keep what counted before a moment.

        Args:
            time: ms. A fact with this very moment does not count yet, just as an interaction at
                it had not happened yet.

        Returns:
            Facts of the same relations.
        """
        counts = pl.col("valid_from").is_null() | (pl.col("valid_from") < time)
        return replace(self, table=self.table.filter(counts))

    def head(self, n_items: int) -> "ItemFacts":
        """Drop facts of the last items.

        Args:
            n_items: items to keep, numbered from 0.

        Returns:
            Facts of the same relations.
        """
        return replace(self, table=self.table.filter(pl.col("item") < n_items))

    @cached_property
    def values(self) -> pl.DataFrame:
        """The V different values, by relation and value; equal words of two relations are two."""
        return self.table.select("relation", "value").unique().sort("relation", "value")

    def index(self, n_items: int) -> "FactIndex":
        """Lay the facts out by item, as arrays.

        Args:
            n_items: I, all items that the facts may be of.

        Returns:
            The arrays.
        """
        numbered = self.values.with_row_index("number")
        joined = self.table.join(
            numbered, on=["relation", "value"], how="left", maintain_order="left"
        )
        items = joined["item"].to_numpy()
        order = {name: place for place, name in enumerate(self.relations)}
        relations = [order[name] for name in self.values["relation"]]
        return FactIndex(
            borders=offsets(np.bincount(items, minlength=n_items)),
            values=joined["number"].to_numpy().astype(np.int32),
            moments=joined["valid_from"].fill_null(ALWAYS).to_numpy(),
            relations=np.array(relations, np.int32),
        )


@dataclass(frozen=True)
class FactIndex:
    """M facts about I items with V different values, as arrays.

    Attributes:
        borders: (I + 1,) facts of item i stand at borders[i]:borders[i + 1].
        values: (M,) number of each fact's value, a row of `ItemFacts.values`.
        moments: (M,) ms from which each fact counts, `ALWAYS` for those without one.
        relations: (V,) relation of each value, an index into `ItemFacts.relations`.
    """

    borders: Offsets
    values: Rows
    moments: Times
    relations: Rows

    @property
    def n_values(self) -> int:
        """V."""
        return len(self.relations)

    @cached_property
    def items(self) -> Rows:
        """Item of each fact (M,)."""
        counts = np.diff(self.borders)
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)
