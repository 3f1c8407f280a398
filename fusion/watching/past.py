"""The past that days and windows are judged by, and the grid on which they lie."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fusion.watching.calendar import Span, closed_spans
from fusion.watching.figure import DAY, Figure, Measurement
from fusion.watching.statistics.prediction_scores import MOST_WINDOWS

WEEK = 7
DAYS_KEPT = WEEK * 27
"""Half a year of days: each is compared with the same weekday of the weeks before it."""
Stored = dict[str, Measurement]
"""The figures of one healthy day or window by their keys."""


@dataclass(frozen=True)
class Layout:
    """The grid of windows, fixed by the first watch.

    Attributes:
        anchor: a day at which a window begins.
        window_days: length of a window.
        timezone: IANA zone of days.
    """

    anchor: date
    window_days: int
    timezone: str

    @classmethod
    def first(cls, now: datetime, window_days: int, timezone: str) -> "Layout":
        """Make the grid of a first watch: its newest window ended at the last midnight.

        Args:
            now: aware moment.
            window_days: length of a window.
            timezone: IANA zone of days.

        Returns:
            The grid.
        """
        today = now.astimezone(ZoneInfo(timezone)).date()
        return cls(today - timedelta(days=window_days), window_days, timezone)

    def spans(self, unit: str, now: datetime) -> list[Span]:
        """List the days or windows that have closed and can be judged or judge others.

        Args:
            unit: "day" or "window".
            now: aware moment.

        Returns:
            Oldest first.
        """
        days, count = (1, DAYS_KEPT) if unit == DAY else (self.window_days, MOST_WINDOWS + 1)
        return closed_spans(now, days, self.timezone, self.anchor, count)


@dataclass
class Past:
    """Days and windows that were healthy when they closed, or were taken as expected.

    Attributes:
        days: figures by day.
        windows: figures by first day.
        baselines: first day of what a figure is compared with, by its key; others are compared with
            everything.
    """

    days: dict[date, Stored] = field(default_factory=dict)
    windows: dict[date, Stored] = field(default_factory=dict)
    baselines: dict[str, date] = field(default_factory=dict)

    def of(self, unit: str) -> dict[date, Stored]:
        """Return the days or the windows.

        Args:
            unit: "day" or "window".
        """
        return self.days if unit == DAY else self.windows

    def before(self, unit: str, figure: Figure, start: date) -> list[Measurement]:
        """Return what a figure is compared with.

        Args:
            unit: "day" or "window".
            figure: the figure.
            start: first day of what is judged.

        Returns:
            Measurements, oldest first; of days those of the same weekday.
        """
        since = self.baselines.get(figure.key, date.min)
        return [one for day, one in self._alike(unit, figure, start) if day >= since]

    def before_level(self, unit: str, figure: Figure, start: date) -> list[Measurement]:
        """Return what lies before the baseline of a figure, when its level was another.

        Args:
            unit: "day" or "window".
            figure: the figure.
            start: first day of what is judged.

        Returns:
            Measurements, oldest first; none where the figure is compared with everything.
        """
        since = self.baselines.get(figure.key, date.min)
        return [one for day, one in self._alike(unit, figure, start) if day < since]

    def _alike(self, unit: str, figure: Figure, start: date) -> list[tuple[date, Measurement]]:
        """First days and measurements before a day, oldest first; of days those of its weekday."""
        stored = self.of(unit)
        starts = [day for day in sorted(stored) if day < start and figure.key in stored[day]]
        if unit == DAY:
            starts = [day for day in starts if (start - day).days % WEEK == 0]
        return [(day, stored[day][figure.key]) for day in starts]
