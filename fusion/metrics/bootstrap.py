"""Paired bootstrap over users: one resample for all rows, so that their differences are paired.

Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979; intervals are
percentile intervals (Efron and Tibshirani, "An introduction to the bootstrap", 1993). Users are
resampled and not interactions, since the interactions of a user are not independent.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import blocks

RESAMPLES = 2000
"""Resamples of users: the ends of a 95 % interval then rest on 50 of them each."""
PERCENTILES = (2.5, 97.5)
"""Ends of the interval."""
RESAMPLES_AT_ONCE = 200
"""Resamples whose counts stand in memory together."""
STREAM = 0xB007
"""Stands beside the seed, so that no other use of the seed draws the same users."""


@dataclass(frozen=True)
class Interval:
    """A mean with the middle 95 % of its bootstrap distribution.

    Attributes:
        value: the mean of the users as they are.
        low: lower end.
        high: upper end.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: NDArray[np.floating]) -> "Interval":
        """Return the percentile interval around a value.

        Args:
            value: the mean of the users as they are.
            draws: the means of resamples (R,).
        """
        low, high = np.percentile(draws, PERCENTILES)
        return cls(float(value), float(low), float(high))

    def as_dict(self) -> dict[str, float]:
        """Return the three numbers by name, for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


def resampled_means(
    values: NDArray[np.floating], seed: int, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Compute the means of columns over resamples of the users.

    Args:
        values: M columns of per-user values (n, M).
        seed: the same seed draws the same users, whatever the columns.
        resamples: number of resamples, R.

    Returns:
        Means (R, M); those of one row are of the same users.
    """
    n_users = len(values)
    # Counts times values is one product a resample, where gathering users would copy every row.
    values = values.astype(np.float64)
    means = np.empty((resamples, values.shape[1]))
    for index, counts in enumerate(user_counts(n_users, seed, resamples)):
        means[index] = counts @ values / n_users
    return means


def resampled_means_of_alike(
    values: NDArray[np.floating], seed: int, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Compute the means of columns over resamples of users many of whom have the same values.

    Whoever has the same values is one group, and a resample draws how many of each group: the same
    distribution as that of `resampled_means` at a fraction of the time, where most have no hit.

    Args:
        values: M columns of per-user values (n, M).
        seed: the same seed and values give the same means.
        resamples: number of resamples, R.

    Returns:
        Means (R, M); those of one row are of the same users.
    """
    groups, sizes = np.unique(values.astype(np.float64), axis=0, return_counts=True)
    n_users = len(values)
    rng = np.random.default_rng([seed, STREAM])
    means = np.empty((resamples, values.shape[1]))
    for part in blocks(resamples, RESAMPLES_AT_ONCE):
        counts = rng.multinomial(n_users, sizes / n_users, size=part.stop - part.start)
        means[part] = counts @ groups / n_users
    return means


def paired_gap(one: NDArray[np.floating], other: NDArray[np.floating], seed: int) -> Interval:
    """Compute the mean of the differences of the same users, with its interval.

    Args:
        one: per-user values (n,).
        other: values (n,) of the same users, which are subtracted.
        seed: seeds the resamples.
    """
    gaps = np.subtract(one, other, dtype=np.float64)
    means = resampled_means(gaps[:, None], seed)[:, 0]
    return Interval.of(float(gaps.mean()), means)


def user_counts(n: int, seed: int, resamples: int = RESAMPLES) -> Iterator[NDArray[np.float64]]:
    """Draw resamples of users with replacement.

    Args:
        n: users.
        seed: the same seed gives the same resamples.
        resamples: number of resamples, R.

    Yields:
        How often each user is drawn (n,) float64; they sum to n.
    """
    rng = np.random.default_rng([seed, STREAM])
    for _ in range(resamples):
        users = rng.integers(n, size=n)
        yield np.bincount(users, minlength=n).astype(np.float64)
