"""A confidence sequence of a mean: an interval that may be looked at after every day.

An interval of usual kind is right with 95 % chance once. Looked at every morning it is wrong some
morning far more often. This one holds at all times together: the predictable plug-in empirical
Bernstein confidence sequence of Waudby-Smith and Ramdas, "Estimating means of bounded random
variables by betting" (arXiv 2010.09686), theorem 2, for values in [0, 1].

It asks of the values only that each has the mean, given those before it. Where means drift, it
covers their average, weighted as the values are.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fusion.metrics.bootstrap import Interval

Floats = NDArray[np.float64]

ALPHA = 0.05
"""Chance that the mean ever leaves the sequence."""
LARGEST_BET = 0.5
"""Bets are kept away from 1, where the bound is infinite (the paper's constant c)."""
_LOG_TERM = float(np.log(2 / ALPHA))


@dataclass(frozen=True)
class ConfidenceSequence:
    """Sums of the values so far: all that the next ones need.

    Attributes:
        n: values.
        total: their sum.
        squares: sum of their squared deviations from the mean so far.
        weight: sum of the bets.
        weighted: sum of bets times values.
        cost: sum of the variance terms of the bound.
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    weight: float = 0.0
    weighted: float = 0.0
    cost: float = 0.0

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Self:
        """Read what `as_dict` made.

        Args:
            stored: by the names of the attributes; others are passed over.
        """
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__})

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return asdict(self)

    def add(self, values: NDArray[np.floating]) -> Self:
        """Take in a batch of values.

        Args:
            values: (n,) in [0, 1], in an order that has nothing to do with them.

        Returns:
            The sequence after it.
        """
        if not len(values):
            return self
        x = values.astype(np.float64)
        count = self.n + 1.0 + np.arange(len(x))
        totals = self.total + np.cumsum(x)
        # A guess of 1/2 for the mean and 1/4 for the variance, as one value more.
        means = (0.5 + totals) / (count + 1)
        squares = self.squares + np.cumsum((x - means) ** 2)
        means_before = np.append((0.5 + self.total) / (self.n + 1), means[:-1])
        squares_before = np.append(self.squares, squares[:-1])
        variances_before = (0.25 + squares_before) / count
        # Each bet knows only the values before its own, or the bound would not hold.
        bets = np.sqrt(2 * _LOG_TERM / (variances_before * count * np.log1p(count)))
        bets = np.minimum(bets, LARGEST_BET)
        variance_terms = (x - means_before) ** 2 * (-np.log1p(-bets) - bets)
        return replace(
            self,
            n=self.n + len(x),
            total=float(totals[-1]),
            squares=float(squares[-1]),
            weight=self.weight + float(bets.sum()),
            weighted=self.weighted + float(bets @ x),
            cost=self.cost + float(variance_terms.sum()),
        )

    @property
    def interval(self) -> Interval:
        """The weighted mean and the interval; all of [0, 1] without values."""
        if not self.n:
            return Interval(0.5, 0.0, 1.0)
        centre = self.weighted / self.weight
        margin = (_LOG_TERM + self.cost) / self.weight
        return Interval(centre, max(0.0, centre - margin), min(1.0, centre + margin))
