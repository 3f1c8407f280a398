"""Days and windows that have closed: all end at a midnight of the data's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fusion.data.days import midnight


@dataclass(frozen=True)
class Span:
    """Whole days of a time zone.

    Attributes:
        first: first day.
        days: how many.
        timezone: IANA zone.
    """

    first: date
    days: int
    timezone: str

    @property
    def after(self) -> date:
        """The day after the last."""
        return self.first + timedelta(days=self.days)

    @property
    def start(self) -> int:
        """First ms."""
        return midnight(self.first, self.timezone)

    @property
    def end(self) -> int:
        """First ms after it."""
        return midnight(self.after, self.timezone)


def closed_spans(now: datetime, days: int, timezone: str, anchor: date, count: int) -> list[Span]:
    """List the newest spans that have ended.

    Args:
        now: aware moment.
        days: length of a span.
        timezone: IANA zone.
        anchor: any day at which a span begins; spans follow each other from there, both ways.
        count: spans at most.

    Returns:
        Oldest first.
    """
    today = now.astimezone(ZoneInfo(timezone)).date()
    open_days = (today - anchor).days % days
    end = today - timedelta(days=open_days)
    spans = [
        Span(end - timedelta(days=days * back), days, timezone) for back in range(1, count + 1)
    ]
    return spans[::-1]
