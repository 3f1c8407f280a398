"""The catalogue of a run: what lists made on request must know of items, without the data."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Times
from fusion.data.categories import category_columns
from fusion.data.dataset import Dataset

FOREVER = np.iinfo(np.int64).max
"""Stands for the end of what is available without an end, in ms."""
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String,
    "categories": pl.List(pl.String),
    "is_open": pl.Boolean,
    "available_from": pl.Int64,
    "available_until": pl.Int64,
}


@dataclass(frozen=True)
class Catalogue:
    """The items of a run, in the order of their row numbers.

    Attributes:
        table: I rows of text (null without one), categories (a list), is_open (rules and blocks
            left it to somebody), available_from and available_until (ms, null without a border).
    """

    table: pl.DataFrame

    @classmethod
    def of(cls, data: Dataset, is_open: Flags | None = None) -> "Catalogue":
        """Return the catalogue of a dataset.

        Args:
            data: what was trained on.
            is_open: (I,) items that rules leave to somebody; None is all.
        """
        items, n = data.item_table, data.n_items
        names = category_columns(items)
        values = [pl.col(name).fill_null([]) for name in names]
        columns = {
            "text": _column(items, "text", n),
            "categories": items.select(pl.concat_list(values)).to_series()
            if names
            else pl.Series([[]] * n, dtype=SCHEMA["categories"]),
            "is_open": pl.Series(np.ones(n, bool) if is_open is None else is_open),
            "available_from": _column(items, "available_from", n),
            "available_until": _column(items, "available_until", n),
        }
        return cls(pl.DataFrame(columns, schema=SCHEMA))

    @classmethod
    def read(cls, file: Path) -> "Catalogue":
        """Read a catalogue.

        Args:
            file: that `write` wrote.
        """
        return cls(pl.read_parquet(file))

    def write(self, file: Path) -> None:
        """Write the catalogue as Parquet.

        Args:
            file: to write.
        """
        self.table.write_parquet(file)

    def __len__(self) -> int:
        return len(self.table)

    def listable(self, time: int) -> Flags:
        """Tell which items may be listed at a moment.

        Args:
            time: ms.

        Returns:
            (I,) bool: open, and within their window of availability.
        """
        begins = self._times("available_from", -FOREVER)
        ends = self._times("available_until", FOREVER)
        may: Flags = self.table["is_open"].to_numpy() & (begins <= time) & (time < ends)
        return may

    def _times(self, name: str, missing: int) -> Times:
        times: Times = self.table[name].fill_null(missing).to_numpy()
        return times

    @cached_property
    def descriptions(self) -> tuple[Rows, list[str]]:
        """Rows (K,) int32 of the items that words describe, and K descriptions.

        A description is an item's text, with its categories after it: what somebody asks for in a
        sentence is as often a category as a part of a title.
        """
        categories = self.table["categories"].list.join(", ")
        texts = self.table["text"].fill_null("").str.strip_chars()
        both = pl.DataFrame({"text": texts, "categories": categories}).select(
            pl.concat_list("text", "categories")
            .list.eval(pl.element().filter(pl.element() != ""))
            .list.join(". ")
        )
        described = both.to_series()
        rows = np.flatnonzero((described != "").to_numpy()).astype(np.int32)
        return rows, described.gather(rows).to_list()


def _column(items: pl.DataFrame, name: str, n_items: int) -> pl.Series:
    """Return a column of the item table; nulls (I,) where it has none."""
    if name in items.columns:
        return items[name]
    return pl.Series([None] * n_items, dtype=SCHEMA[name])
