"""Ranks, z-scores and means within each user's candidates, and the order that groups rows.

Base scores move from one fit to the next; their ranks and z-scores among a user's candidates stay
comparable.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Offsets, Rows, Scores

FLAT_DEVIATION = 1e-6
"""Deviation, as a share of the mean, that is rounding error: float32 has about seven digits."""
SMALLEST_MEAN = 1e-30
"""Floor of the mean that a deviation is compared with, so that a mean of zero has a scale too."""


def ascending(values: Scores, borders: Offsets) -> Offsets:
    """Return the order that sorts each owner's values.

    Each owner's values are sorted as a short row of their own: many times quicker than sorting all
    of them by owner and value.

    Args:
        values: (C,) grouped by owner.
        borders: (n + 1,) owner r's values stand at borders[r]:borders[r + 1].

    Returns:
        (C,) positions in `values`, owner by owner, lowest first, NaN last; ties keep their order.
    """
    sizes = np.diff(borders)
    longest = sizes.max(initial=0)
    occupied = np.arange(longest) < sizes[:, None]
    # Padding is NaN, which sorts last, so an owner's values fill the first places of their row.
    padded = np.full(occupied.shape, np.nan, values.dtype)
    padded[occupied] = values
    within = np.argsort(padded, axis=1, kind="stable")
    order: Offsets = (borders[:-1, None] + within)[occupied]
    return order


def ranks(values: Scores, borders: Offsets) -> Scores:
    """Rank each value among its owner's, best first.

    Args:
        values: (C,) grouped by owner.
        borders: (n + 1,) borders of the owners.

    Returns:
        (C,) float32 ranks from 1; ties go to the earlier; NaN stays NaN.
    """
    begins = np.repeat(borders[:-1], np.diff(borders))
    places = np.arange(len(values)) - begins + 1
    ranked = np.empty(len(values), np.float32)
    ranked[ascending(-values, borders)] = places
    ranked[np.isnan(values)] = np.nan
    return ranked


def zscores(values: Scores, owners: Rows, n_owners: int) -> Scores:
    """Standardise each value by the mean and deviation of its owner's values.

    Args:
        values: (C,) in any order.
        owners: (C,) int32 owner of each value, below `n_owners`.
        n_owners: number of owners.

    Returns:
        (C,) float32; 0 where all of an owner's values are equal; NaN stays NaN.
    """
    known = ~np.isnan(values)
    if not known.any():
        return values
    known_owners = owners[known]
    known_values = values[known].astype(np.float64)
    counts = np.maximum(np.bincount(known_owners, minlength=n_owners), 1)
    means = np.bincount(known_owners, known_values, n_owners) / counts
    own_mean = means[known_owners]
    centered = known_values - own_mean
    variances = np.bincount(known_owners, centered**2, n_owners) / counts
    deviation = np.sqrt(variances)[known_owners]
    # Where all values are equal there is no deviation to divide by.
    flat = _is_flat(deviation, own_mean)
    scaled = centered / np.where(flat, 1.0, deviation)
    standardised = np.full(len(values), np.nan, np.float32)
    standardised[known] = np.where(flat, 0.0, scaled)
    return standardised


def _is_flat(deviation: NDArray[np.float64], mean: NDArray[np.float64]) -> Flags:
    """Recognise deviations that are rounding errors alone, of values that are all equal."""
    scale = np.maximum(SMALLEST_MEAN, np.abs(mean))
    flat: Flags = deviation <= FLAT_DEVIATION * scale
    return flat


def owner_means(values: Scores, owners: Rows, n_owners: int) -> Scores:
    """Average each owner's values.

    Args:
        values: (C,) without NaN.
        owners: (C,) int32 owner of each value.
        n_owners: number of owners.

    Returns:
        (n_owners,) float32; NaN for owners without any value.
    """
    counts = np.bincount(owners, minlength=n_owners).astype(np.float64)
    sums = np.bincount(owners, values.astype(np.float64), n_owners)
    means = np.full(n_owners, np.nan)
    np.divide(sums, counts, out=means, where=counts > 0)
    return means.astype(np.float32)


def order_by_group(groups: Rows, n_groups: int) -> Rows:
    """Return the order that sorts by group, equal ones as they stand.

    Laid out as a sparse matrix, group by position, which counts instead of comparing: the same as
    a stable sort, several times faster and in half the memory.

    Args:
        groups: (n,) int32 from 0.
        n_groups: more than any of them.

    Returns:
        (n,) int32.
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - only trainings need it

    n = len(groups)
    cells = (groups, np.arange(n, dtype=np.int32))
    by_group = coo_array((np.ones(n, np.int8), cells), shape=(n_groups, n)).tocsr()
    order: Rows = by_group.indices.astype(np.int32, copy=False)
    return order
