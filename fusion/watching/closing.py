"""The closing of days and windows: each is judged by those before it, and kept if it is healthy."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

from fusion.watching import causes
from fusion.watching.figure import DAY, WINDOW, Figure
from fusion.watching.figures.event_figures import ACTIVE_USERS
from fusion.watching.figures.measuring import DAY_ROWS, DAY_USERS, Measurements
from fusion.watching.past import Past
from fusion.watching.scales import COUNT
from fusion.watching.statistics.false_alarms import FalseAlarmBudget
from fusion.watching.statistics.judge import Judgement, judge
from fusion.watching.statistics.lasting import lasting_shifts

LEAST_PEOPLE = 10
"""Active users of a day or window below which what they do says nothing: it is a whim, and one of
them may rate as much in an evening as all others in a month. Silence, and a past that was
rewritten, are seen in any shop."""
RECENT = 8
"""Days or windows by which it is known how many usually come."""


@dataclass(frozen=True)
class Closed:
    """A day or window that has closed, and how it was judged.

    Attributes:
        unit: "day" or "window".
        start: first day.
        measured: its figures.
        judgements: of the figures; empty for what was past at the first watch.
        lasting: figures that have shifted for good, as a window shows that no watch had closed.
        is_new: whether no watch had kept it before.
        is_kept: whether it is part of the past from now on. A window with a fault is not: its data
            may be mended, and it is measured again by the next watch.
    """

    unit: str
    start: date
    measured: Measurements
    judgements: tuple[Judgement, ...] = ()
    lasting: tuple[Judgement, ...] = ()
    is_new: bool = True
    is_kept: bool = True

    @property
    def has_fault(self) -> bool:
        """True where a figure points at broken data."""
        found = [one.cause for one in self.judgements if one.state == "alarm"]
        return any(cause is not None and cause.kind == "fault" for cause in found)


@dataclass(frozen=True)
class Closing:
    """Closing of days or windows.

    Attributes:
        unit: "day" or "window".
        past: what they are judged by; what is kept is added to it.
        budget: false alarms that may be.
        expected: first day of the newest that a person took as expected though it is unusual.
        is_first: whether nobody has watched before: what had closed by then is history, no news.
    """

    unit: str
    past: Past
    budget: FalseAlarmBudget
    expected: date = date.min
    is_first: bool = False

    def close(self, measured: Mapping[date, Measurements]) -> list[Closed]:
        """Close days or windows.

        Args:
            measured: figures by first day.

        Returns:
            The same in their order, judged.
        """
        newest = max(measured, default=None)
        closed = []
        for start in sorted(measured):
            is_history = self.is_first and start != newest
            one = Closed(self.unit, start, measured[start])
            if not is_history:
                one = self._judge(one)
            if one.is_new and one.is_kept:
                stored = {figure.key: value for figure, value in one.measured.items()}
                self.past.of(self.unit)[start] = stored
            closed.append(one)
        return closed

    def _judge(self, one: Closed) -> Closed:
        limit = self.budget.band_score
        telling = self._telling(one)
        judgements = []
        for figure, value in one.measured.items():
            is_telling = figure in telling
            past = self.past.before(self.unit, figure, one.start) if is_telling else []
            older = self.past.before_level(self.unit, figure, one.start)
            judgements.append(judge(figure, past, value, limit, older))
        judged = replace(
            one,
            judgements=tuple(map(_as_stale, judgements)),
            lasting=tuple(self._lasting(one, telling)),
            is_new=one.start not in self.past.of(self.unit),
        )
        return replace(judged, is_kept=not judged.has_fault or one.start <= self.expected)

    def _telling(self, one: Closed) -> set[Figure]:
        """Figures that say something.

        None do where hardly anybody usually comes, and counts alone where hardly anybody came.
        """
        active = DAY_USERS if self.unit == DAY else ACTIVE_USERS
        before = self.past.before(self.unit, active, one.start)[-RECENT:]
        if before and median(users.value or 0 for users in before) < LEAST_PEOPLE:
            return set()
        present = one.measured.get(active)
        is_of_few = present is not None and (present.value or 0) < LEAST_PEOPLE
        return {figure for figure in one.measured if figure.scale is COUNT or not is_of_few}

    def _lasting(self, one: Closed, telling: set[Figure]) -> Iterable[Judgement]:
        """Lasting shifts that this window shows; days are too noisy for small ones."""
        if self.unit != WINDOW:
            return ()
        rate = self.budget.shift_rate(self.budget.windows_per_year)
        histories = {
            figure: [*self.past.before(self.unit, figure, one.start), value]
            for figure, value in one.measured.items()
            if figure in telling
        }
        older = {
            figure: self.past.before_level(self.unit, figure, one.start) for figure in histories
        }
        return lasting_shifts(histories, rate, older)


def _as_stale(judged: Judgement) -> Judgement:
    """Take a day without any event for an export that has not come."""
    is_empty = judged.figure == DAY_ROWS and not judged.value and judged.state == "alarm"
    return replace(judged, cause=causes.STALE) if is_empty else judged
