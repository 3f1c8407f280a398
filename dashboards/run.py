"""The run that a report is about."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class RunRef:
    """The run that is reported.

    Attributes:
        run_id: its id.
        placement: where its lists are shown.
        as_of: up to when it knows data; in UTC when it says no zone.
        note: what had nothing to be compared with, for the pages; "" where everything had.
        against: id of the run whose lists it was compared with; None for a first run.
        reference: id of the run whose samples its samples were compared with: its own, where these
            are those of one window earlier; None without any.
    """

    run_id: str
    placement: str
    as_of: datetime
    note: str = ""
    against: str | None = None
    reference: str | None = None

    @property
    def time(self) -> datetime:
        """`as_of` in UTC without a zone, as Evidently keeps its times."""
        if self.as_of.tzinfo is None:
            return self.as_of
        return self.as_of.astimezone(UTC).replace(tzinfo=None)
