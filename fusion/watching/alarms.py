"""Alarms: one for each cause, with what is unusual, what would be usual, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fusion.watching.causes import Cause
from fusion.watching.scales import AMOUNT, COUNT, DISTANCE
from fusion.watching.statistics.judge import Judgement

NAMED = 3
"""Figures that a message names; the facts have all."""


@dataclass(frozen=True)
class Alarm:
    """A cause that at least one figure points at.

    Attributes:
        cause: what it is.
        unit: "day" or "window".
        start: first day of the newest day or window in which it was seen.
        judgements: the figures that point at it, the most unusual first.
    """

    cause: Cause
    unit: str
    start: date
    judgements: tuple[Judgement, ...]

    @property
    def subject(self) -> str:
        """Subject of the most unusual figure."""
        return self.judgements[0].figure.subject

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are concerned, as far as figures are of columns."""
        names = [one.figure.column for one in self.judgements if one.figure.column]
        return tuple(dict.fromkeys(names))

    @property
    def message(self) -> str:
        """One sentence that says what is the matter, its figures, and what to do."""
        columns = ", ".join(self.columns[:NAMED])
        says = self.cause.says.format(subject=self.subject, column=columns or "a column")
        do = self.cause.do.format(subject=self.subject)
        figures = "; ".join(describe(one) for one in self.judgements[:NAMED])
        when = f"{self.unit} from {self.start}"
        return f"{says[0].upper()}{says[1:]} ({when}): {figures}. {do}"


def describe(judgement: Judgement) -> str:
    """Return a figure in words.

    Args:
        judgement: of the figure.

    Returns:
        Its label, its value, and what is usual.
    """
    figure = judgement.figure
    if judgement.lately is not None and judgement.usual is not None:
        lately, usual = (_number(judgement, one) for one in (judgement.lately, judgement.usual))
        return f"{figure.label} about {lately} lately, {usual} before"
    said = f"{figure.label} {_number(judgement, judgement.value)}"
    if judgement.low is None or judgement.high is None:
        return said
    low, high = _number(judgement, judgement.low), _number(judgement, judgement.high)
    usual = f"up to {high}" if figure.scale is DISTANCE else f"{low} to {high}"
    return f"{said}, usually {usual}"


def _number(judgement: Judgement, value: float) -> str:
    scale = judgement.figure.scale
    if scale is COUNT:
        return f"{max(round(value), 0):,}"
    if scale is AMOUNT:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if scale is DISTANCE:
        return f"{max(value, 0.0):.2f}"
    return f"{value:.1%}"


def group_by_cause(unit: str, start: date, judgements: Iterable[Judgement]) -> list[Alarm]:
    """Group the unusual figures of a day or window by what they point at.

    Args:
        unit: "day" or "window".
        start: first day.
        judgements: of its figures.

    Returns:
        An alarm for each cause and subject.
    """
    by_cause: dict[tuple[Cause, str], list[Judgement]] = {}
    for one in judgements:
        if one.state == "alarm" and one.cause is not None:
            by_cause.setdefault((one.cause, one.figure.subject), []).append(one)
    alarms = []
    for (cause, _), ones in by_cause.items():
        ordered = tuple(sorted(ones, key=_how_unusual, reverse=True))
        alarms.append(Alarm(cause, unit, start, ordered))
    return alarms


def without_signs(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    """Leave out alarms that are but signs of others.

    A fault explains every change beside it: what broken data says of the world is no news.

    Args:
        alarms: of all causes.

    Returns:
        The rest, the most unusual first.
    """
    listed = list(alarms)
    faults = [alarm for alarm in listed if alarm.cause.kind == "fault"]
    explained = {code for alarm in listed for code in alarm.cause.explains}
    kept = [alarm for alarm in faults or listed if alarm.cause.code not in explained]
    return tuple(sorted(kept, key=lambda alarm: -_how_unusual(alarm.judgements[0])))


def _how_unusual(judgement: Judgement) -> float:
    """Effect in units of what is large, so that figures of all scales can be compared."""
    return abs(judgement.effect) / judgement.figure.scale.large
