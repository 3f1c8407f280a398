"""What is known of users as numbers: columns of the user table, and their vectors."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csc_array, csr_array, hstack

from fusion.core.arrays import Flags, Scores, blocks
from fusion.data.dataset import Dataset
from fusion.data.ranked_lists import TINY
from fusion.lists.cold_users.defaults import DEFAULTS

VECTORS = "vectors {}"
"""Name of the columns of vectors of users by their name; columns of the users file differ."""
CHUNK_ROWS = 65_536
"""Users whose vectors are turned together, in double precision."""


@dataclass(frozen=True)
class UserAttributes:
    """What the user table and vectors say of U users, in D columns.

    Attributes:
        values: (U, D) float32, sparse; nothing where a user has no such value. Numbers are
            standardised.
        columns: name of each column (D,): that in the user table, or `VECTORS` of a name.
        has_any: users (U,) of whom any of them says anything.
    """

    values: csr_array
    columns: tuple[str, ...]
    has_any: Flags

    @property
    def names(self) -> tuple[str, ...]:
        """What is used, each once: columns of the user table in its order, then vectors."""
        return tuple(dict.fromkeys(self.columns))


def has_attributes(data: Dataset) -> bool:
    """Tell whether more is known of users than the segment that has a fallback already.

    Args:
        data: any dataset.
    """
    kinds = data.user_table.dtypes
    n_categories = sum(kind == pl.String for kind in kinds)
    n_numbers = sum(kind.is_numeric() for kind in kinds)
    return n_categories > 1 or n_numbers > 0 or bool(data.user_vectors)


def user_attributes(data: Dataset) -> UserAttributes:
    """Encode the user table and vectors of users.

    No interaction has a part in it: which values are told apart, and what is a usual number, is
    the same whoever's history is hidden.

    Args:
        data: with a user table or vectors of users.

    Returns:
        Categories one-hot, as far as enough users share the value; each number standardised, and
        beside it whether it lies in each fifth of all numbers; vectors as `user_vectors` has them.
    """
    table = data.user_table
    encoded: list[csc_array] = []
    columns: list[str] = []
    for name, kind in table.schema.items():
        cells = table[name]
        parts = _of_category(cells) if kind == pl.String else _of_number(cells)
        for part in parts:
            # Column by column: a dense table of millions of users would not fit into memory.
            encoded.append(csc_array(part[:, None]))
            columns.append(name)
    has_any = np.zeros(data.n_users, bool)
    if table.width:
        has_any = table.select(pl.any_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    for name, vectors in data.user_vectors.items():
        part = vector_columns(vectors, DEFAULTS.vector_columns // len(data.user_vectors))
        encoded.append(csc_array(part))
        columns += [VECTORS.format(name)] * part.shape[1]
        has_any |= vectors.any(axis=1)
    empty = csr_array((data.n_users, 0), dtype=np.float32)
    values = csr_array(hstack(encoded)) if encoded else empty
    return UserAttributes(values, tuple(columns), has_any)


def vector_columns(vectors: Scores, most: int) -> Scores:
    """Centre vectors of users, and keep the directions in which they differ most.

    Args:
        vectors: (U, D) of length 1; 0 for users without one.
        most: columns at most.

    Returns:
        (U, d) float32 with a variance of 1 on average, as a standardised number has, so that one
        ridge suits both; 0 for users without a vector. Without a column where fewer than
        `fewest_users` have one, or all are the same.
    """
    has: Flags = np.asarray(vectors.any(axis=1))
    n_known = int(has.sum())
    if n_known < DEFAULTS.fewest_users:
        return vectors[:, :0]
    mean = vectors.sum(axis=0, dtype=np.float64) / n_known
    n_columns = vectors.shape[1]
    scatter = np.zeros((n_columns, n_columns))
    for rows in blocks(len(vectors), CHUNK_ROWS):
        part = (vectors[rows] - mean)[has[rows]]
        scatter += part.T @ part
    variances, directions = np.linalg.eigh(scatter / n_known)
    # Eigenvalues ascend.
    variances, directions = variances[-most:], directions[:, -most:]
    if variances[-1] < TINY:
        return vectors[:, :0]
    directions /= np.sqrt(variances.mean())
    values = np.zeros((len(vectors), directions.shape[1]), np.float32)
    for rows in blocks(len(vectors), CHUNK_ROWS):
        values[rows] = ((vectors[rows] - mean) @ directions) * has[rows, None]
    return values


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
