"""Ranks and z-scores within each user's candidates: what stays comparable when base scores move between refits."""

import numpy as np

from fusion.core.arrays import Offsets, Rows, Scores


def ascending(values: Scores, borders: Offsets) -> Offsets:
    """Where (C,) to find each owner's values, lowest first, NaN last; ties keep their order.

    An owner's values stand between its `borders` (n + 1,). Each is sorted as a short row of its
    own: many times quicker than sorting all of them by owner and value.
    """
    sizes = np.diff(borders)
    there = np.arange(sizes.max(initial=0)) < sizes[:, None]
    rows = np.full(there.shape, np.nan, values.dtype)
    rows[there] = values
    order: Offsets = (borders[:-1, None] + np.argsort(rows, axis=1, kind="stable"))[there]
    return order


def ranks(values: Scores, borders: Offsets) -> Scores:
    """Rank from 1 (C,) of each value among its owner's, best first; ties go to the earlier; NaN stays NaN."""
    found = np.empty(len(values), np.float32)
    found[ascending(-values, borders)] = (
        np.arange(len(values)) - np.repeat(borders[:-1], np.diff(borders)) + 1
    )
    found[np.isnan(values)] = np.nan
    return found


def zscores(values: Scores, owners: Rows, n_owners: int) -> Scores:
    """Distance (C,) from the owner's mean in the owner's deviations; 0 where all are equal; NaN stays NaN."""
    known = ~np.isnan(values)
    if not known.any():
        return values
    who, what = owners[known], values[known].astype(np.float64)
    counts = np.maximum(np.bincount(who, minlength=n_owners), 1)
    mean = np.bincount(who, what, n_owners) / counts
    center_rows = what - mean[who]
    deviation = np.sqrt(np.bincount(who, center_rows**2, n_owners) / counts)[who]
    found = np.full(len(values), np.nan, np.float32)
    # Rounding leaves crumbs where all values are equal; they are no difference.
    flat = deviation <= 1e-6 * np.maximum(1e-30, np.abs(mean[who]))
    found[known] = np.where(flat, 0.0, center_rows / np.where(flat, 1.0, deviation))
    return found


def owner_means(values: Scores, owners: Rows, n_owners: int) -> Scores:
    """Mean (n_owners,) of each owner's values; NaN for owners without any."""
    counts = np.bincount(owners, minlength=n_owners).astype(np.float64)
    sums = np.bincount(owners, values.astype(np.float64), n_owners)
    means: Scores = np.divide(sums, counts, out=np.full(n_owners, np.nan), where=counts > 0).astype(
        np.float32
    )
    return means
