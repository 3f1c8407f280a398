"""Paired bootstrap over users: one resample for all rows, so that differences between rows are paired."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A mean with the middle 95 % of its bootstrap distribution."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: NDArray[np.floating]) -> "Interval":
        """The percentile interval of `draws` (R,) around `value`."""
        low, high = np.percentile(draws, [2.5, 97.5])
        return cls(float(value), float(low), float(high))

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


def resampled_means(
    values: NDArray[np.floating], seed: int, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Means (R, M) of M columns of per-user values (n, M) over R resamples of the users."""
    n, values = len(values), values.astype(np.float64)
    draws = np.empty((resamples, values.shape[1]))
    for at, counts in enumerate(user_counts(n, seed, resamples)):
        draws[at] = counts @ values / n
    return draws


def paired_gap(one: NDArray[np.floating], other: NDArray[np.floating], seed: int) -> Interval:
    """Mean of one minus other, per-user values (n,) of the same users, with its paired interval."""
    gaps = np.subtract(one, other, dtype=np.float64)
    return Interval.of(float(gaps.mean()), resampled_means(gaps[:, None], seed)[:, 0])


def user_counts(n: int, seed: int, resamples: int = RESAMPLES) -> Iterator[NDArray[np.float64]]:
    """Draw R resamples of n users as how often each is drawn (n,); the same for the same seed."""
    rng = np.random.default_rng([seed, 0xB007])
    for _ in range(resamples):
        yield np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float64)
