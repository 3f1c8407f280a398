"""Outside ids and the row numbers that stand for them inside."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import Rows


@dataclass(frozen=True)
class IdMap:
    """Numbering of outside ids.

    Attributes:
        values: (n,) unique ids as text; the row number of an id is its position here.
    """

    values: pl.Series

    @classmethod
    def in_order(cls, *columns: pl.Series) -> "IdMap":
        """Number ids by first appearance, so that later rows never renumber earlier ones.

        Args:
            columns: ids of any type, one column after the other.

        Returns:
            The numbering of all of them.
        """
        as_text = [column.cast(pl.String) for column in columns]
        distinct = pl.concat(as_text).unique(maintain_order=True)
        return cls(distinct.alias("id"))

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, values: pl.Series) -> Rows:
        """Turn outside ids into row numbers.

        Args:
            values: (n,) ids of any type.

        Returns:
            (n,) int32; -1 where the id is unknown.
        """
        wanted = values.cast(pl.String).alias("id").to_frame()
        joined = wanted.join(self._table, on="id", how="left", maintain_order="left")
        rows = joined["row"].fill_null(-1)
        return rows.to_numpy().astype(np.int32)

    def texts(self, rows: Rows) -> pl.Series:
        """Turn row numbers into outside ids.

        Args:
            rows: (n,) int32.

        Returns:
            (n,) String.
        """
        return self.values.gather(rows)

    @cached_property
    def _table(self) -> pl.DataFrame:
        numbers = np.arange(len(self.values), dtype=np.int32)
        return pl.DataFrame({"id": self.values, "row": numbers})


def draws(ids: IdMap, seed: int, stream: str) -> NDArray[np.float64]:
    """Draw a uniform number for each outside id.

    Args:
        ids: of n users or items.
        seed: of the run.
        stream: another one gives other numbers.

    Returns:
        (n,) float64 in [0, 1); the same for an id whatever row it has and whatever else there is.
    """
    salt = f"{seed} {stream} ".encode()
    digests = (blake2b(salt + text.encode(), digest_size=6).digest() for text in ids.values)
    keys = np.fromiter((int.from_bytes(digest, "little") for digest in digests), np.float64)
    return keys / 2.0**48
