"""Overlaps of users' items: with a sample of all users, and with accounts that are nearly equal."""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import blocks
from fusion.core.hashing import mix
from fusion.data.suspicion.taken_sets import Floats, TakenSets

SAMPLE = 1000
"""Users whom everyone is compared with: enough for a variance, and few enough for many events."""
BLOCK_USERS = 512
"""Users who are looked at together: as many cells of overlaps as they and the sample make."""
TWIN_ITEMS = 8
"""Items from which on nearly equal sets are no chance; short histories of popular items are."""
BANDS, BAND_HASHES = 6, 8
"""Of MinHash: two sets with a Jaccard index J agree in one of the bands with 1 - (1 - J^8)^6, that
is 97 % at 0.9, 67 % at 0.8 and 2 % at 0.5."""


def overlap_dispersion(taken: TakenSets) -> Floats:
    """Compute by how much more a user's overlaps with others vary than chance would have it.

    Whoever has a taste shares many items with people of like taste, and few with others; whoever
    drew items at random shares with everyone what the lengths of histories make likely. It is
    Pearson's dispersion index of the overlaps with a sample of users, whose expectation is the sum
    over all of them dealt out by the length of their histories. Mehta and Nejdl ("Unsupervised
    strategies for shilling detection and robust collaborative filtering", UMUAI 2009) find
    shillers by their low covariance with everyone, through principal components; here nothing is
    decomposed, and no number of shillers is asked for.

    Args:
        taken: what U users took.

    Returns:
        (U,) log of the index; infinite for users who share nothing with the sample.
    """
    # Evenly over an order that begins with the length of histories: no draw, no numbering.
    in_order = np.argsort(taken.user_ranks)
    active = in_order[taken.sizes[in_order] > 0]
    places = np.unique(np.linspace(0, len(active) - 1, min(SAMPLE, len(active))).astype(np.int64))
    sample = np.sort(active[places])
    of_sample = taken.matrix[sample].T.tocsr()
    shares = taken.sizes[sample] / taken.sizes[sample].sum()
    n_takers = np.asarray(of_sample.sum(axis=1)).ravel()
    dispersion = np.full(len(taken.sizes), np.inf)
    for block in blocks(len(taken.sizes), BLOCK_USERS):
        rows = np.arange(len(taken.sizes))[block]
        overlaps = (taken.matrix[block] @ of_sample).tocoo()
        is_other = rows[overlaps.row] != sample[overlaps.col]
        owners, others = overlaps.row[is_other], overlaps.col[is_other]
        shared = overlaps.data[is_other].astype(np.float64)
        sampled = np.isin(rows, sample)
        totals = taken.matrix[block] @ n_takers - np.where(sampled, taken.sizes[block], 0)
        expected = totals[owners] * shares[others]
        # The sum over all of (o - e)^2 / e is that of o^2 / e, where there are any, less the total.
        squares = np.bincount(owners, shared**2 / expected, len(rows))
        index = (squares - totals) / (len(sample) - sampled)
        shares_any = totals > 0
        dispersion[block] = np.where(shares_any, np.log(np.maximum(index, 1e-3)), np.inf)
    return np.round(dispersion, 6)


def twins(taken: TakenSets) -> Floats:
    """Count accounts with nearly the same items, by locality-sensitive hashing.

    Sets are shingled to MinHash signatures (Broder 1997), and accounts meet where a band of theirs
    is equal: nobody is compared with everybody.

    Args:
        taken: what U users took.

    Returns:
        (U,) other accounts in the fullest bucket of the user; 0 for short histories.
    """
    counts = np.zeros(len(taken.sizes))
    long = np.flatnonzero(taken.sizes >= TWIN_ITEMS)
    if not len(long):
        return counts
    # A hash is one of an item: taken from a table, not made anew for each of its takers.
    scrambled = mix(taken.item_ranks.astype(np.uint64) + np.uint64(1))
    seeds = np.arange(1, BANDS * BAND_HASHES + 1, dtype=np.uint64)
    hashes_of_items = [mix(scrambled + seed) for seed in seeds]
    keys = np.zeros((BANDS, len(long)), np.uint64)
    for part in blocks(len(long), BLOCK_USERS):
        chosen = taken.matrix[long[part]]
        for place, hash_of_item in enumerate(hashes_of_items):
            lowest = np.minimum.reduceat(hash_of_item[chosen.indices], chosen.indptr[:-1])
            of_band = keys[place // BAND_HASHES, part]
            of_band[:] = mix(of_band ^ lowest)
    for key in keys:
        counts[long] = np.maximum(counts[long], _others_with(key))
    return counts


def _others_with(keys: NDArray[np.uint64]) -> Floats:
    """Count the others (n,) with the same key."""
    _, places, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    return (sizes[places] - 1).astype(np.float64)
