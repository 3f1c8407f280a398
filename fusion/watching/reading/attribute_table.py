"""Tables of users and items as watching looks at them: by hashed ids, numbers rounded."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from fusion.watching.reading.id_hashes import IdHasher, Prepare, keep

ID = "id"
TEXT = "text"
BINS = 10
"""Of a number: deciles of its table when it was looked at first."""
DIGITS = 6
"""Significant digits that count: what an export loses beyond them is no change."""
LEAST = 1e-300
Edges = dict[str, list[float]]
"""Borders of bins by column."""


@dataclass(frozen=True)
class AttributeTable:
    """The table of users or of items.

    Attributes:
        subject: "users" or "items".
        frame: (n,) rows with `id` (UInt64), and the declared columns: labels (String or lists of
            them), numbers (Float64), and `text`.
    """

    subject: str
    frame: pl.DataFrame

    @property
    def columns(self) -> list[str]:
        """Declared columns, without times of availability."""
        return [
            name
            for name, dtype in self.frame.schema.items()
            if name != ID and dtype in (pl.String, pl.List(pl.String), pl.Float64)
        ]

    @property
    def numbers(self) -> list[str]:
        """Columns of numbers."""
        return [name for name in self.columns if self.frame.schema[name] == pl.Float64]


def attribute_table(subject: str, table: pl.DataFrame, prepare: Prepare = keep) -> AttributeTable:
    """Take a table as `fusion.ingest.tables` reads it.

    Args:
        subject: "users" or "items".
        table: (n,) rows by `id`.
        prepare: turns ids into what is hashed; rows of which it makes null are left out.

    Returns:
        The table by hashed ids, its numbers rounded to what counts.
    """
    hashed = table.with_columns(IdHasher(prepare).of(table[ID])).filter(pl.col(ID).is_not_null())
    is_number = [name for name, dtype in table.schema.items() if dtype == pl.Float64]
    frame = hashed.with_columns(pl.col(is_number).round_sig_figs(DIGITS))
    # Text that is nothing but its separators says nothing.
    if TEXT in frame.columns:
        frame = frame.with_columns(pl.col(TEXT).str.strip_chars(" ·").replace("", None))
    return AttributeTable(subject, frame)


def decile_edges(table: AttributeTable) -> Edges:
    """Return the borders of bins of each number.

    Args:
        table: of users or items.

    Returns:
        Ascending borders by column; fewer than nine where values repeat, none where all are null.
    """
    edges = {}
    for name in table.numbers:
        values = table.frame[name].drop_nulls().drop_nans().to_numpy()
        quantiles = np.arange(1, BINS) / BINS
        borders = np.quantile(values, quantiles, method="inverted_cdf") if len(values) else []
        edges[name] = np.unique(borders).tolist()
    return edges
