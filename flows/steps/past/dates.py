"""The past dates that a verb works through, held against the data."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from fusion.data.dataset import Dataset
from fusion.errors import ConfigError, DataError
from fusion.runs.manifest import moment

AFTER_THE_NEWEST = timedelta(days=1)
"""How long after the newest event a date may lie: the day of that event is over by then."""


@dataclass(frozen=True)
class PastDates:
    """Moments of the past, one every so often.

    Attributes:
        first: aware time of the first.
        last: aware time that none passes.
        every: from one to the next, above zero.
    """

    first: datetime
    last: datetime
    every: timedelta

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ConfigError(
                f"--from {_shown(self.first)} lies after --to {_shown(self.last)}; exchange them"
            )

    @property
    def moments(self) -> list[datetime]:
        """The moments, oldest first; one at least."""
        n_steps = (self.last - self.first) // self.every
        return [self.first + step * self.every for step in range(n_steps + 1)]


@dataclass(frozen=True)
class DataSpan:
    """Between which moments the data has events.

    Attributes:
        oldest: aware time of the first event.
        newest: aware time of the last.
    """

    oldest: datetime
    newest: datetime

    @classmethod
    def of(cls, data: Dataset) -> Self:
        """Return when the events of a dataset begin and end.

        Args:
            data: all that there is.

        Raises:
            DataError: it has no times.
        """
        if not data.has_times:
            raise DataError(
                "the interactions have no times, so that there is no past to go back to; name "
                "their column as `time` in [data.columns]"
            )
        # In time order.
        return cls(moment(int(data.times[0])), moment(int(data.times[-1])))

    @property
    def end(self) -> datetime:
        """Aware time after which a date lies beyond the data."""
        return self.newest + AFTER_THE_NEWEST


def require_within(dates: PastDates, span: DataSpan) -> None:
    """Refuse dates at which nothing, or nothing new, was known.

    Args:
        dates: that were asked for.
        span: of the data.

    Raises:
        DataError: the first date is not after the first event, or the last lies beyond the data.
    """
    if dates.first <= span.oldest:
        raise DataError(
            f"--from {_shown(dates.first)} lies before the first event, which is of "
            f"{_shown(span.oldest)}; choose a later date, after which there is enough to train on"
        )
    if dates.last > span.end:
        raise DataError(
            f"--to {_shown(dates.last)} lies beyond the data, whose newest event is of "
            f"{_shown(span.newest)}; choose --to {span.end:%Y-%m-%d} or earlier"
        )


def _shown(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M}"
