"""The user table as numbers: one column a value of a category, and some a number."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csc_array, csr_array, hstack

from fusion.core.arrays import Flags, Scores
from fusion.data.dataset import Dataset
from fusion.data.ranked_lists import TINY
from fusion.lists.cold_users.defaults import DEFAULTS


@dataclass(frozen=True)
class UserAttributes:
    """What the user table says of U users, in D columns.

    Attributes:
        values: (U, D) float32, sparse; nothing where a user has no such value. Numbers are
            standardised.
        columns: name in the user table of each column (D,).
        is_number: which columns (D,) come of a number.
        has_any: users (U,) of whom the table says anything.
    """

    values: csr_array
    columns: tuple[str, ...]
    is_number: Flags
    has_any: Flags

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the user table that are used, each once, in its order."""
        return tuple(dict.fromkeys(self.columns))


def has_attributes(data: Dataset) -> bool:
    """Tell whether the user table says more than the segment that has a fallback already.

    Args:
        data: any dataset.
    """
    kinds = data.user_table.dtypes
    n_categories = sum(kind == pl.String for kind in kinds)
    n_numbers = sum(kind.is_numeric() for kind in kinds)
    return n_categories > 1 or n_numbers > 0


def user_attributes(data: Dataset) -> UserAttributes:
    """Encode the user table.

    No interaction has a part in it: which values are told apart, and what is a usual number, is
    the same whoever's history is hidden.

    Args:
        data: with a user table.

    Returns:
        Categories one-hot, as far as enough users share the value; each number standardised, and
        beside it whether it lies in each fifth of all numbers.
    """
    table = data.user_table
    encoded: list[csc_array] = []
    columns: list[str] = []
    is_number: list[bool] = []
    for name, kind in table.schema.items():
        cells = table[name]
        parts = _of_category(cells) if kind == pl.String else _of_number(cells)
        for part in parts:
            # Column by column: a dense table of millions of users would not fit into memory.
            encoded.append(csc_array(part[:, None]))
            columns.append(name)
            is_number.append(kind != pl.String)
    has_any = np.zeros(data.n_users, bool)
    if table.width:
        has_any = table.select(pl.any_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    empty = csr_array((data.n_users, 0), dtype=np.float32)
    values = csr_array(hstack(encoded)) if encoded else empty
    return UserAttributes(values, tuple(columns), np.array(is_number, bool), has_any)


def _of_category(cells: pl.Series) -> Iterator[Scores]:
    """Yield a column of ones for each frequent value, the most frequent first."""
    counts = cells.drop_nulls().alias("value").value_counts()
    frequent = counts.filter(pl.col("count") >= DEFAULTS.fewest_users)
    ordered = frequent.sort(["count", "value"], descending=[True, False])
    for value in ordered["value"].head(DEFAULTS.most_values):
        yield (cells == value).fill_null(False).to_numpy().astype(np.float32)


def _of_number(cells: pl.Series) -> Iterator[Scores]:
    """Yield the standardised number, and whether it lies in each group of equal size."""
    numbers = cells.cast(pl.Float64).to_numpy()
    is_known = np.isfinite(numbers)
    known = numbers[is_known]
    if len(known) < DEFAULTS.fewest_users or known.min() == known.max():
        return
    # Between -1 and 1: the spread and the square of large numbers may be beyond every float.
    scaled = np.zeros(len(numbers))
    scaled[is_known] = known / np.abs(known).max()
    centred = scaled - scaled[is_known].mean()
    deviation = np.sqrt(np.square(centred[is_known]).mean())
    yield np.where(is_known, centred / max(deviation, TINY), 0.0).astype(np.float32)
    shares = np.arange(1, DEFAULTS.bins) / DEFAULTS.bins
    borders = np.unique(np.quantile(scaled[is_known], shares))
    group = np.searchsorted(borders, scaled)
    for number in range(len(borders) + 1):
        yield ((group == number) & is_known).astype(np.float32)
