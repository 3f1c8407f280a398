"""Outside ids and the row numbers that stand for them inside."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from fusion.core.arrays import Rows


@dataclass(frozen=True)
class IdMap:
    """Unique outside ids as text; the row number of an id is its place in `values` (n,)."""

    values: pl.Series

    @classmethod
    def in_order(cls, *columns: pl.Series) -> "IdMap":
        """Number ids by first appearance through `columns`, so that later rows never renumber earlier ones."""
        return cls(
            pl.concat([c.cast(pl.String) for c in columns]).unique(maintain_order=True).alias("id")
        )

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, values: pl.Series) -> Rows:
        """Outside ids (n,) -> row numbers (n,); -1 where the id is unknown."""
        wanted = values.cast(pl.String).alias("id").to_frame()
        found = wanted.join(self._table, on="id", how="left", maintain_order="left")["row"]
        return found.fill_null(-1).to_numpy().astype(np.int32)

    def texts(self, rows: Rows) -> pl.Series:
        """Row numbers (n,) -> outside ids (n,) as text."""
        return self.values.gather(rows)

    @cached_property
    def _table(self) -> pl.DataFrame:
        return pl.DataFrame({"id": self.values, "row": np.arange(len(self.values), dtype=np.int32)})
