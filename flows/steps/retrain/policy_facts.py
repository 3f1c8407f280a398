"""The facts that the policy looks at, as of one moment; nothing here knows where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class LiveFact:
    """The live run.

    Attributes:
        run_id: the run.
        trained_at: aware time at which its training began.
        as_of: aware time until which it knew the data; None where the data has no times.
        frozen_until: until then no publish moves the slot; None when it was never frozen.
    """

    run_id: str
    trained_at: datetime
    as_of: datetime | None = None
    frozen_until: datetime | None = None


@dataclass(frozen=True)
class Training:
    """A training, however it ended.

    Attributes:
        run_id: its run.
        began_at: aware time.
        ended_at: aware time; None while it goes on.
        outcome: what came of it. `interrupted` is what says nothing of the data or the
            configuration: Ctrl+C, or something outside that was busy or away.
    """

    run_id: str
    began_at: datetime
    ended_at: datetime | None
    outcome: Literal["training", "ready", "refused", "failed", "interrupted"]


@dataclass(frozen=True)
class StandingAlert:
    """An alert of a watch that is open.

    Attributes:
        id: its number.
        cause: code of the cause.
        subject: what was measured.
        times: closed windows in a row that show it, or days for figures of days.
    """

    id: int
    cause: str
    subject: str
    times: int = 1


@dataclass(frozen=True)
class Reading:
    """Figures that one watch measured since the live run's data ends.

    A figure is None where it is not known.

    Attributes:
        as_of: aware moment at which the data was looked at.
        new_events: events since the live run's data ends.
        known_events: events before that.
        users_without_list: share of the new events by users without a list of their own.
        unknown_items: share of the new events on items that the run did not know.
        turnover: items gone or arrived, as a share of those that the run knew.
        shortfall: share by which realised NDCG@10 lies below the lower end of the promise; negative
            where it lies above.
    """

    as_of: datetime
    new_events: int | None = None
    known_events: int | None = None
    users_without_list: float | None = None
    unknown_items: float | None = None
    turnover: float | None = None
    shortfall: float | None = None

    @property
    def new_share(self) -> float | None:
        """New events as a share of those before."""
        if self.new_events is None or not self.known_events:
            return None
        return self.new_events / self.known_events

    @property
    def not_covered(self) -> float | None:
        """The larger one of the two shares that the live lists do not reach."""
        shares = [one for one in (self.users_without_list, self.unknown_items) if one is not None]
        return max(shares, default=None)


@dataclass(frozen=True)
class Facts:
    """Everything that the policy looks at.

    Attributes:
        placement: where the lists are shown.
        live: the live run; None where nothing is live.
        challenger: the run that waits for approval; None where none does.
        trainings: the newest ones, newest first.
        faults: open alarms of the kind `fault`.
        changes: open alarms of the kind `change` that the live run's data does not reach.
        readings: of watches since the live run went live, newest first.
        note: why there is no newer reading; "" where there is nothing to say.
    """

    placement: str
    live: LiveFact | None = None
    challenger: str | None = None
    trainings: Sequence[Training] = ()
    faults: Sequence[StandingAlert] = ()
    changes: Sequence[StandingAlert] = ()
    readings: Sequence[Reading] = ()
    note: str = ""

    @property
    def newest(self) -> Training | None:
        """The newest training that came to an end of its own, or goes on."""
        for training in self.trainings:
            if training.outcome not in ("failed", "interrupted"):
                return training
        return None


def daily(readings: Sequence[Reading], timezone: str) -> list[Reading]:
    """Keep the newest reading of each day, so that watching more often counts nothing twice.

    Args:
        readings: newest first.
        timezone: IANA zone of days.

    Returns:
        At most one a day, newest first.
    """
    zone = ZoneInfo(timezone)
    by_day: dict[date, Reading] = {}
    for reading in readings:
        by_day.setdefault(reading.as_of.astimezone(zone).date(), reading)
    return list(by_day.values())
