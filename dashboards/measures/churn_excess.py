"""Churn beside what chance alone changes: its excess, and the limit of that by the gap of runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from dashboards.measures.stability import Stability

WEEK = 7.0
"""Days."""
BASE = 0.20
"""Excess allowed however short the gap: other seeds of sources and another draw of users."""
PER_ROOT_WEEK = 0.15
"""Excess allowed besides, times the root of the weeks between two runs. After a week the limit is
0.35: healthy weekly runs had a mean of 0.17 with a deviation of 0.037, so that it is five of them
away; after four weeks it is 0.5."""

MARGIN = 0.15
"""Excess beyond that of the run before that is usual: four deviations of healthy weekly runs."""


@dataclass(frozen=True)
class Churn:
    """Change of lists, and how much of it chance would have changed alone.

    Attributes:
        value: mean share of a list that changed.
        chance: the same between the lists and those of the twin; None without a twin.
    """

    value: float
    chance: float | None

    @classmethod
    def of(cls, stability: Stability) -> "Churn | None":
        """Return the churn of two runs.

        Args:
            stability: their comparison.

        Returns:
            None where no user has a list in both.
        """
        names = ("churn", "jaccard_chance")
        figures = {name: stability.value(name) for name in names}
        return cls.of_figures({name: one for name, one in figures.items() if one is not None})

    @classmethod
    def of_figures(cls, figures: Mapping[str, float]) -> "Churn | None":
        """Return the churn that figures of lists hold.

        Args:
            figures: by name, as in `metric`.

        Returns:
            None where there is none among them.
        """
        if "churn" not in figures:
            return None
        same = figures.get("jaccard_chance")
        return cls(figures["churn"], None if same is None else 1 - same)

    @property
    def excess(self) -> float | None:
        """Churn beyond chance, below 0 where chance changes more; None without a twin."""
        return None if self.chance is None else self.value - self.chance

    @property
    def judged(self) -> float:
        """Return what is compared with the limit: the excess; without a twin, all of it."""
        return self.value if self.excess is None else self.excess


def excess_limit(days: float, before: Churn | None = None) -> float:
    """Return the excess up to which lists change by themselves.

    Tastes and catalogues wander, so that it grows with the root of the time, as a random walk does.
    Where everything is new each week, as with news, the run before changed as much: that is then
    usual.

    Args:
        days: of data between the two runs.
        before: churn of the run before, against the one before that; None where nobody knows.

    Returns:
        A share; above 1 where churn says nothing any more.
    """
    by_time = BASE + PER_ROOT_WEEK * sqrt(max(0.0, days) / WEEK)
    return by_time if before is None else max(by_time, before.judged + MARGIN)
