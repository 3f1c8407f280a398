"""Promises of a verdict, and whether what became of a run is below them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

LEVEL = 0.95
"""Share of new windows that lie within a promised interval."""
LEAST_FREEDOM = 1.0
WORTH = 2 / 3
"""Degrees of freedom that a past window is worth at least, as the promise counts them."""


@dataclass(frozen=True)
class Promise:
    """What a verdict promised of a metric.

    Attributes:
        horizon: "day" or "window".
        days: how long that is.
        name: of the metric, without its places.
        k: places that count.
        value: what is expected.
        low: lower end of the prediction interval of a new window; None where there is none.
        high: upper end.
        windows: past windows, or realised figures, that the interval comes from.
        basis: which of them.
    """

    horizon: str
    days: int
    name: str
    k: int
    value: float
    low: float | None
    high: float | None
    windows: int
    basis: str

    @classmethod
    def of_run(cls, verdict: Mapping[str, Any] | None, horizon: str) -> Self | None:
        """Return what a run promised of NDCG@10.

        Args:
            verdict: as it is stored; None for a run without one.
            horizon: "day" or "window".

        Returns:
            The promise; None where the verdict has none, as in older versions.
        """
        for one in (verdict or {}).get("promise") or ():
            if (one["horizon"], one["name"], one["k"]) == (horizon, "ndcg", 10):
                return cls(**{name: one.get(name) for name in cls.__dataclass_fields__})
        return None

    def is_below(self, value: float) -> bool | None:
        """Tell whether a realised figure lies below the promised interval.

        Args:
            value: of the same metric and horizon.

        Returns:
            None where no interval was promised.
        """
        return None if self.low is None else value < self.low

    def score(self, value: float) -> float:
        """Return how far below what was expected a figure lies, as a standard normal score.

        The interval is one of Student's t, wide where few windows were known; so is its tail, which
        says how rarely a figure that keeps the promise lies so low.

        Args:
            value: realised.

        Returns:
            The score, below 0 where less was realised; 0 without an interval.
        """
        if self.low is None or self.high is None:
            return 0.0
        # `fusion status` reads promises, too, and answers at once.
        from scipy import stats  # noqa: PLC0415

        freedom = max(LEAST_FREEDOM, WORTH * (self.windows - 1))
        # An end may be cut at 0 or 1; the other one still says how wide the interval is.
        margin = max(self.value - self.low, self.high - self.value)
        if margin <= 0:
            return 0.0 if value >= self.value else -math.inf
        scale = margin / float(stats.t.ppf(0.5 + LEVEL / 2, freedom))
        return float(stats.norm.ppf(stats.t.cdf((value - self.value) / scale, freedom)))
