"""Array types and helpers shared by every room: rows are int32, scores float32, times int64 ms."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the verbs that read and look work without SciPy
    from scipy.sparse import csr_array

Rows = NDArray[np.int32]
"""Row numbers of users or items; -1 is unknown."""
Scores = NDArray[np.float32]
"""Scores or weights; NaN is silent."""
Times = NDArray[np.int64]
"""Milliseconds since 1970-01-01 UTC."""
Offsets = NDArray[np.int64]
"""Borders (n + 1,) of n ragged rows in a flat array."""
Flags = NDArray[np.bool_]
"""Masks."""
State = dict[str, NDArray[Any]]
"""Everything a fitted source keeps: named arrays, nothing else."""
DAY = 86_400_000
"""Milliseconds in a day."""


def offsets(counts: NDArray[np.integer]) -> Offsets:
    """Turn lengths of ragged rows into their borders.

    Args:
        counts: (n,) length of each row.

    Returns:
        (n + 1,) int64; row r stands at borders[r]:borders[r + 1].
    """
    borders = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=borders[1:])
    return borders


def ragged_index(starts: Offsets, counts: Offsets) -> NDArray[np.int64]:
    """List the positions of several slices of a flat array, one slice after the other.

    Args:
        starts: (n,) first position of each slice.
        counts: (n,) length of each slice.

    Returns:
        (sum of counts,) int64 positions.
    """
    ends = np.cumsum(counts, dtype=np.int64)
    total = ends[-1] if len(ends) else 0
    # A position within its own slice is the position in the result less where the slice begins.
    # In place: the positions may be as many as all interactions.
    positions: NDArray[np.int64] = np.repeat(starts - (ends - counts), counts)
    positions += np.arange(total, dtype=np.int64)
    return positions


def blocks(total: int, size: int) -> Iterator[slice]:
    """Cut range(total) into slices.

    Args:
        total: length of the range.
        size: longest slice.

    Returns:
        Slices in order; all but the last have `size` positions.
    """
    return (slice(lo, min(lo + size, total)) for lo in range(0, total, size))


def block_rows(n_columns: int, budget_bytes: int, bytes_per_cell: int = 4, most: int = 4096) -> int:
    """Return how many rows of a dense block fit into a memory budget.

    Args:
        n_columns: width of the block.
        budget_bytes: memory of the whole block.
        bytes_per_cell: 4 for float32.
        most: upper limit, however much memory there is.

    Returns:
        Rows of a block, at least one: work goes on even where a single row is over the budget.
    """
    bytes_per_row = max(1, n_columns * bytes_per_cell)
    return max(1, min(most, budget_bytes // bytes_per_row))


def sparse(rows: Rows, columns: Rows, values: Scores, shape: tuple[int, int]) -> "csr_array":
    """Build a CSR matrix from coordinates.

    Args:
        rows: (n,) row of each cell.
        columns: (n,) column of each cell.
        values: (n,) cells; those at the same place are summed.
        shape: rows and columns of the matrix.

    Returns:
        CSR float32, columns ascending within a row.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415 - only trainings need it

    matrix = csr_array((values, (rows, columns)), shape=shape, dtype=np.float32)
    matrix.sum_duplicates()
    return matrix


def pair_keys(users: Rows, items: Rows, n_items: int) -> NDArray[np.int64]:
    """Write each pair as one number, since sorting and looking up numbers is quick.

    Args:
        users: (n,) int32.
        items: (n,) int32.
        n_items: more than any of them.

    Returns:
        (n,) int64, an array of its own; `divmod(key, n_items)` is the pair.
    """
    keys = users.astype(np.int64)
    # In place: the pairs may be all interactions.
    keys *= n_items
    keys += items
    return keys


def distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the different keys, ascending.

    On millions of keys, sorting is many times faster than `numpy.unique`.

    Args:
        keys: (n,) in any order.

    Returns:
        (m,) ascending, each key once.
    """
    if not len(keys):
        return keys.copy()
    ordered = np.sort(keys)
    differs = ordered[1:] != ordered[:-1]
    return ordered[np.append(True, differs)]


def contains(ordered: NDArray[np.integer], wanted: NDArray[np.integer]) -> Flags:
    """Look up keys in a sorted array.

    Args:
        ordered: (m,) ascending.
        wanted: (n,) keys to look up, in any order.

    Returns:
        (n,) bool, True where the key stands in `ordered`.
    """
    if not len(ordered):
        return np.zeros(len(wanted), bool)
    positions = np.searchsorted(ordered, wanted)
    # A key above all of `ordered` would be looked up past its end.
    nearest = ordered[np.minimum(positions, len(ordered) - 1)]
    present: Flags = nearest == wanted
    return present


def normalize_rows(vectors: Scores) -> Scores:
    """Scale vectors to unit length.

    Args:
        vectors: (n, d).

    Returns:
        (n, d) float32; zero vectors stay zero.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    divisors = np.where(lengths > 0, lengths, 1)
    scaled: Scores = (vectors / divisors).astype(np.float32)
    return scaled


def center_rows(vectors: Scores) -> Scores:
    """Subtract the mean vector and scale to unit length.

    What all vectors share says nothing of how they differ; without it cosines spread out.

    Args:
        vectors: (n, d).

    Returns:
        (n, d) float32; the vectors themselves where all are equal, since nothing would be left.
    """
    all_equal = not (vectors != vectors[:1]).any()
    if all_equal:
        return vectors
    mean = vectors.mean(axis=0)
    return normalize_rows(vectors - mean)
