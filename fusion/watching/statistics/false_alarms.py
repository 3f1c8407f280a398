"""The rate of false alarms: what a year's budget leaves for each figure and each window."""

from dataclasses import dataclass

from scipy.special import ndtri

DAYS_PER_YEAR = 365.0
SHARE_OF_BAND = 0.5
"""Of the budget, for what is sudden; the rest is for what lasts."""
PROMISES_OF_A_DAY = 2
"""Of runs that train every day, a first day and a window close each day: both are judged."""


@dataclass(frozen=True)
class FalseAlarmBudget:
    """False alarms that are expected in a year, over all figures and both detectors.

    However often someone looks, a figure is judged once for each window that closes, and a promise
    once when its time is over.

    Attributes:
        per_year: false alarms.
        daily: figures that are judged for each day.
        windowed: figures that are judged for each window.
        window_days: length of a window.
    """

    per_year: float
    daily: int
    windowed: int
    window_days: float

    @property
    def windows_per_year(self) -> float:
        """Windows that close in a year."""
        return DAYS_PER_YEAR / self.window_days

    @property
    def band_score(self) -> float:
        """Score above which a window is beyond health, on either side."""
        each_day = self.daily + PROMISES_OF_A_DAY
        judgements = DAYS_PER_YEAR * each_day + self.windows_per_year * self.windowed
        level = self.per_year * SHARE_OF_BAND / max(judgements, 1.0)
        # Both tails share the level; half is the most that one could have.
        return float(-ndtri(min(level / 2, 0.5)))

    def shift_rate(self, steps_per_year: float) -> float:
        """Return the false alarms of lasting shifts that are expected at one step.

        Args:
            steps_per_year: at which the detectors take in a window.
        """
        return self.per_year * (1 - SHARE_OF_BAND) / steps_per_year
