"""The `[retrain]` section: when `fusion retrain` trains, and when the schedule asks."""

import re
from datetime import time
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from flows.cron import Cron
from fusion.core.settings import Settings

SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
"""Quiet hours, from a time of the day until another one."""
TIMES = "days in a row on which a watch must say so, one reading a day"


class TriggerSettings(Settings):
    """A reason to retrain before the live run is too old.

    Attributes:
        enabled: whether it counts.
        threshold: its value from which on it is met.
        times: how often in a row it must be met.
    """

    enabled: bool = Field(True, description="whether this is a reason; false only shows its figure")
    threshold: float = Field(1.0, gt=0)
    times: int = Field(1, ge=1, le=1000, description=TIMES)


class NewEventsTrigger(TriggerSettings):
    """Much that the live run has not seen."""

    threshold: float = Field(
        0.2, gt=0, description="events since the live run's data ends, as a share of those before"
    )


class DriftTrigger(TriggerSettings):
    """The world moved since the live run's data ends."""

    threshold: float = Field(
        1.0, ge=1, description="open alarms of the kind `change` that the live run has not seen"
    )
    times: int = Field(
        1, ge=1, le=1000, description="closed windows in a row that must show such a change"
    )


class QualityTrigger(TriggerSettings):
    """Realised quality below what the verdict promised."""

    threshold: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="share by which realised NDCG@10 lies below the lower end of the promise",
    )


class CoverageTrigger(TriggerSettings):
    """Users and items that the live lists do not reach."""

    threshold: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of events since the live run's data ends by users without a list of "
        "their own, or on items that the run did not know; the larger one counts",
    )
    times: int = Field(2, ge=1, le=1000, description=TIMES)


class TurnoverTrigger(TriggerSettings):
    """Items that came or went."""

    threshold: float = Field(
        0.2, gt=0, description="items gone or arrived, as a share of those that the live run knew"
    )


class RetrainSettings(Settings):
    """The `[retrain]` section: when `fusion retrain` trains, and when the schedule asks."""

    cron: Cron = Field(
        "0 3 * * *",
        description="when the schedule asks the policy, in cron's five fields; where it watches, "
        "each watch asks the policy, and this asks where none did since the last time",
    )
    timezone: str = Field(
        "UTC",
        description="time zone of `cron`, of that of `[watch]` and of `quiet_hours`, such as "
        "Asia/Shanghai",
    )
    max_age: float = Field(
        7.0, gt=0, le=36_500, description="days after its training at which the live run is too old"
    )
    cooldown: float = Field(
        6.0,
        ge=0,
        le=876_000,
        description="hours after a training, published or refused, before the next is due",
    )
    min_new_events: int = Field(
        1,
        ge=0,
        description="events since the live run's data ends below which a training would learn "
        "nothing: only a turned-over catalogue or `--force` trains; 0 asks for none",
    )
    backoff: float = Field(
        1.0,
        ge=0,
        le=876_000,
        description="hours to wait after a refused or failed training; twice as many after each "
        "further one in a row",
    )
    max_backoff: float = Field(
        24.0,
        ge=0,
        le=876_000,
        description="hours to wait at most after refused or failed trainings",
    )
    quiet_hours: tuple[str, ...] = Field(
        (),
        description='hours in which nothing but `--force` trains, such as "08:00-20:00" or '
        '"22:30-01:00"',
    )
    max_watch_age: float = Field(
        2.0,
        gt=0,
        le=876_000,
        description="hours after which a watch is too old to decide by; `fusion retrain` then "
        "watches first",
    )
    new_events: NewEventsTrigger = Field(
        NewEventsTrigger(), description="Retrain when much is new to the live run."
    )
    drift: DriftTrigger = Field(
        DriftTrigger(), description="Retrain when the world moved: see [Watching](watching.md)."
    )
    quality: QualityTrigger = Field(
        QualityTrigger(), description="Retrain when lists do less than their verdict promised."
    )
    coverage: CoverageTrigger = Field(
        CoverageTrigger(), description="Retrain when lists do not reach who comes and what is new."
    )
    catalogue_turnover: TurnoverTrigger = Field(
        TurnoverTrigger(), description="Retrain when many items came or went."
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(
                f"{name!r} is no time zone; use an IANA name such as Asia/Shanghai or UTC"
            )
        return name

    @field_validator("quiet_hours")
    @classmethod
    def _spans(cls, spans: tuple[str, ...]) -> tuple[str, ...]:
        for span in spans:
            match = SPAN.fullmatch(span)
            if match is None or match[1] + match[2] == match[3] + match[4]:
                raise ValueError(
                    f"{span!r} are no quiet hours; write when they begin and end, such as "
                    '"08:00-20:00" or, past midnight, "22:30-01:00"'
                )
        return spans

    @model_validator(mode="after")
    def _capped(self) -> "RetrainSettings":
        if self.max_backoff < self.backoff:
            raise ValueError(
                f"max_backoff = {self.max_backoff:g} is less than backoff = {self.backoff:g}; "
                "make it the longest wait, in hours"
            )
        return self

    def quiet_spans(self) -> list[tuple[time, time]]:
        """Return begin and end of the quiet hours, as times of the day in `timezone`."""
        spans = []
        for span in self.quiet_hours:
            begin, end = span.split("-")
            spans.append((time.fromisoformat(begin), time.fromisoformat(end)))
        return spans
