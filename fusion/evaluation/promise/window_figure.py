"""Figures of one window: the mean of a metric over its users, and the error of that mean."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

DAY, WINDOW = "day", "window"
HORIZONS = (DAY, WINDOW)
"""Stretches that a promise is made for: the first day, and the verdict's whole window. NDCG differs
between them, as a longer one has more labels to find."""
NAMES = ("ndcg", "recall", "precision", "hit")
CUTOFFS = (10, 20)
METRICS = tuple(f"{name}@{k}" for k in CUTOFFS for name in NAMES)
"""Metrics that are promised."""


@dataclass(frozen=True)
class WindowFigure:
    """The mean of a metric over the users judged in a window.

    Attributes:
        value: the mean.
        variance: of that mean, by the spread over users.
        users: over whom it is.
    """

    value: float
    variance: float
    users: int

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> Self:
        """Return the figure of per-user values.

        Args:
            values: (n,), n at least 2.
        """
        wide = values.astype(np.float64)
        return cls(float(wide.mean()), float(wide.var(ddof=1) / len(wide)), len(wide))


@dataclass(frozen=True)
class PastWindow:
    """Score of a row that needs no ranker in a window that has passed.

    Attributes:
        row: the recommender.
        figures: by horizon and metric; a horizon with too few users is missing.
    """

    row: str
    figures: dict[str, dict[str, WindowFigure]]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain lists."""
        return {
            horizon: {
                metric: [figure.value, figure.variance, figure.users]
                for metric, figure in of_metrics.items()
            }
            for horizon, of_metrics in self.figures.items()
        }

    @classmethod
    def from_json(cls, row: str, stored: dict[str, Any]) -> Self:
        """Read what `as_json` gave.

        Args:
            row: the recommender.
            stored: figures as plain lists.
        """
        figures = {
            horizon: {metric: WindowFigure(*figure) for metric, figure in of_metrics.items()}
            for horizon, of_metrics in stored.items()
        }
        return cls(row, figures)
