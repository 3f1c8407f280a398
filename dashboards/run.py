"""Which run a report is about."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class RunRef:
    """The run that is reported: its id, where its lists are shown, and the time up to which it knows data."""

    run_id: str
    placement: str
    as_of: datetime  # in UTC when it says no zone

    @property
    def time(self) -> datetime:
        """`as_of` in UTC without a zone, as Evidently keeps its times."""
        return (
            self.as_of
            if self.as_of.tzinfo is None
            else self.as_of.astimezone(UTC).replace(tzinfo=None)
        )
