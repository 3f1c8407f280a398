"""Signals of users: how rarely others stand out as far among people of like activity."""

from collections.abc import Mapping

import numpy as np

from fusion.core.arrays import blocks
from fusion.data.dataset import Dataset
from fusion.data.suspicion.overlaps import overlap_dispersion, twins
from fusion.data.suspicion.taken_sets import Floats, TakenSets

SIZE_BANDS = 8
"""Groups of users by the length of their histories; every signal depends on it."""
BAND_USERS = 60
"""Users of a band at least: a median of fewer says little."""
BLOCK_USERS = 8192
"""Users whose gaps are looked at together."""
SUMMED = ("overlap", "popularity", "weights")
"""Signals that are summed up, too: bots that are a little odd in each are very odd in all.

The pace is no part of it: where everyone comes once, all are quick.
"""


def user_signals(data: Dataset, taken: TakenSets) -> dict[str, Floats]:
    """Compute the share of users who stand out, among those of like activity, as far as each user.

    - `overlap`: overlaps of a user's items with those of others vary as little as chance makes
      them vary (`overlap_dispersion`), as fillers drawn without a taste do.
    - `twins`: other accounts took nearly the same items (`twins`).
    - `popularity`: items are less popular than others' (mean log of takers).
    - `weights`: weights vary less than others'; without weights it is no signal.
    - `pace`: events follow each other faster than others' do (mean log of gaps); a burst.
    - `together`: `overlap`, `popularity` and `weights` summed up as Fisher's method does.

    Burke, Mobasher, Williams, Bhaumik: "Classification features for attack detection in
    collaborative recommender systems" (KDD 2006) has attributes of profiles of this kind, for
    ratings; a detector that learns from known attacks reads them there.

    Args:
        data: interactions of U users.
        taken: the same as sets.

    Returns:
        By signal (U,) in (0, 1], the smaller, the odder; 1 for users who cannot be told by it.
    """
    logs = taken.matrix @ np.log(np.maximum(taken.takers, 1))
    # Rounded: the order of items, by which sums differ in their last bits, must not matter.
    popularity = np.round(logs / np.maximum(taken.sizes, 1), 9)
    values = {
        "overlap": overlap_dispersion(taken),
        "twins": -twins(taken),
        "popularity": popularity,
    }
    if data.has_weights and data.weights.min() < data.weights.max():
        values["weights"] = _deviations(data)
    if data.has_times and data.times[0] < data.times[-1]:
        values["pace"] = _mean_log_gaps(data)
    rarities = {name: rarity(value, taken) for name, value in values.items()}
    return rarities | {"together": _together(rarities, taken)}


def rarity(values: Floats, taken: TakenSets) -> Floats:
    """Return the share of users who stand out at least as far from those of like activity.

    How far is told by the median of a band and the median deviation from it: bots may be a quarter
    of a band, where their histories are of one length, and move neither much.

    Args:
        values: (U,) the lower, the odder; infinite where nothing can be told.
        taken: what users took.

    Returns:
        (U,) in (0, 1]; equal values share the largest, so that what most users do is never rare.
    """
    active = np.flatnonzero(taken.sizes > 0)
    ordered = active[np.argsort(taken.sizes[active], kind="stable")]
    n_bands = max(1, min(SIZE_BANDS, len(active) // BAND_USERS))
    distances = np.full(len(values), np.inf)
    for band in np.array_split(ordered, n_bands):
        distances[band] = _distances(values[band])
    ranked = np.sort(distances[active])
    shares = np.searchsorted(ranked, distances, "right") / max(len(active), 1)
    shared: Floats = np.where(np.isfinite(distances), shares, 1.0)
    return shared


def _distances(values: Floats) -> Floats:
    """Distances (n,) from the median, in median absolute deviations."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(values), np.inf)
    middle = np.median(known)
    spread = np.median(np.abs(known - middle))
    # Where more than half are equal, anything else stands out; how far, its value says.
    distances: Floats = (values - middle) / (spread or 1.0)
    return distances.round(9)


def _together(rarities: Mapping[str, Floats], taken: TakenSets) -> Floats:
    """Sum the logs of several rarities (Fisher 1925), and rank the sums."""
    summed = sum(np.log(rarities[name]) for name in SUMMED if name in rarities)
    return rarity(np.asarray(summed), taken)


def _deviations(data: Dataset) -> Floats:
    """Standard deviation (U,) of each user's weights."""
    counts = np.maximum(data.user_counts, 1)
    weights = data.weights.astype(np.float64)
    means = np.bincount(data.users, weights, data.n_users) / counts
    squares = np.bincount(data.users, weights**2, data.n_users) / counts
    deviations: Floats = np.sqrt(np.maximum(squares - means**2, 0))
    return deviations.round(9)


def _mean_log_gaps(data: Dataset) -> Floats:
    """Mean log (U,) of the ms between a user's events; the largest for who has one event only."""
    order, borders = data.by_user
    sums = np.zeros(data.n_users)
    n_gaps = data.user_counts - 1
    # Some users at a time: their events are several arrays on the way.
    for part in blocks(data.n_users, BLOCK_USERS):
        times = data.times[order[borders[part.start] : borders[part.stop]]]
        counts = data.user_counts[part]
        owners = np.repeat(np.arange(len(counts)), counts)
        is_gap = owners[1:] == owners[:-1]
        gaps = np.log1p(np.diff(times)[is_gap].astype(np.float64))
        sums[part] = np.bincount(owners[1:][is_gap], gaps, len(counts))
    means: Floats = sums / np.maximum(n_gaps, 1)
    means[n_gaps <= 0] = np.inf
    return means.round(9)
