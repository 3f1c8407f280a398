"""The array types every other file speaks: rows are int32, scores float32, times int64 milliseconds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
State = dict[str, NDArray[Any]]
"""What a fitted source keeps: named arrays, nothing else."""
DAY = 86_400_000
"""Milliseconds in a day."""


def offsets(counts: NDArray[np.integer]) -> Offsets:
    """Turn lengths (n,) of ragged rows into their borders (n + 1,)."""
    borders = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=borders[1:])
    return borders


def ragged_index(starts: Offsets, counts: Offsets) -> NDArray[np.int64]:
    """Positions (sum of counts,) of the slices that begin at `starts` (n,) and are `counts` (n,) long."""
    ends = np.cumsum(counts, dtype=np.int64)
    within = np.arange(ends[-1] if len(ends) else 0, dtype=np.int64) - np.repeat(
        ends - counts, counts
    )
    positions: NDArray[np.int64] = np.repeat(starts, counts) + within
    return positions


def blocks(total: int, size: int) -> Iterator[slice]:
    """Cut range(total) into slices of at most `size`."""
    return (slice(lo, min(lo + size, total)) for lo in range(0, total, size))


def block_rows(n_columns: int, budget_bytes: int, bytes_per_cell: int = 4, most: int = 4096) -> int:
    """How many rows of a dense (rows, n_columns) block fit into the memory budget; at least one."""
    return max(1, min(most, budget_bytes // max(1, n_columns * bytes_per_cell)))


def sparse(rows: Rows, columns: Rows, values: Scores, shape: tuple[int, int]) -> csr_array:
    """CSR matrix float32 of `shape`, repeats summed, columns sorted within a row."""
    matrix = csr_array((values, (rows, columns)), shape=shape, dtype=np.float32)
    matrix.sum_duplicates()
    return matrix


def distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different values of `keys` (n,), ascending: by sorting, many times faster than `numpy.unique` on millions."""
    ordered = np.sort(keys)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def contains(ordered: NDArray[np.integer], wanted: NDArray[np.integer]) -> Flags:
    """Which of `wanted` (n,) stand in `ordered` (m,), which is ascending."""
    if not len(ordered):
        return np.zeros(len(wanted), bool)
    found: Flags = ordered[np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)] == wanted
    return found


def normalize_rows(vectors: Scores) -> Scores:
    """Scale vectors (n, d) to length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Scores = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled


def center_rows(vectors: Scores) -> Scores:
    """Vectors (n, d) less their mean, to length 1; where all are equal, as they are."""
    if not (vectors != vectors[:1]).any():
        return vectors
    return normalize_rows(vectors - vectors.mean(axis=0))
