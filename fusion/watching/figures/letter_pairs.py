"""What texts are made of: another language, coding or shop writes other pairs of letters."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.watching.reading.attribute_table import ID, TEXT, AttributeTable

BUCKETS = 64
"""Pairs are counted by a hash: the distribution of a window stays a short row."""
MOST_TEXTS = 50_000
"""Texts that are looked at, those of the smallest hashed ids."""
CASES = 100
"""Cases that a text counts as, whatever its length."""
STEP = np.uint32(2_654_435_761)
"""Knuth's multiplier, which spreads neighbouring numbers."""


@dataclass(frozen=True)
class LetterPairs:
    """Pairs of letters in the texts of a table.

    Attributes:
        rows: (n,) `id` and `row`.
        shares: (n, BUCKETS) of the pairs of each text, which sum to 1.
    """

    rows: pl.DataFrame
    shares: NDArray[np.float32]

    @classmethod
    def of(cls, table: AttributeTable) -> Self:
        """Count the pairs of each text.

        Args:
            table: of users or items, with `text`.
        """
        filled = table.frame.select(ID, TEXT).drop_nulls()
        texts = filled.unique(ID, keep="first", maintain_order=True).bottom_k(MOST_TEXTS, by=ID)
        shares = [_shares_of(text) for text in texts[TEXT]]
        rows = texts.select(ID).with_row_index("row")
        return cls(rows, np.array(shares, np.float32).reshape(-1, BUCKETS))

    def counts(self, ids: pl.Series) -> dict[str, int]:
        """Count the pairs of some texts, each as often as it is named.

        Args:
            ids: (m,) hashes; those without a text count nothing.

        Returns:
            Hundredths of a text by bucket; empty where none of them has one.
        """
        named = ids.alias(ID).value_counts(name="times").join(self.rows, on=ID, how="inner")
        times = np.zeros(len(self.shares))
        times[named["row"].to_numpy()] = named["times"].to_numpy()
        totals = np.rint(CASES * (times @ self.shares)).astype(int)
        return {str(bucket): int(total) for bucket, total in enumerate(totals) if total}


def _shares_of(text: str) -> NDArray[np.float64]:
    letters = np.frombuffer(text.lower().encode("utf-32-le", "surrogatepass"), np.uint32)
    # A text of one letter is a pair with itself.
    first, second = (letters[:-1], letters[1:]) if len(letters) > 1 else (letters, letters)
    hashed = (first * STEP + second) * STEP
    counts = np.bincount(hashed >> np.uint32(26), minlength=BUCKETS)
    return counts / max(counts.sum(), 1)
