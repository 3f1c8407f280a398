"""Alerts as they are raised, and as they are stored."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["fault", "change", "run"]
State = Literal["open", "acknowledged", "resolved"]


@dataclass(frozen=True)
class NewAlert:
    """Something that a watch or a monitored run found.

    Attributes:
        cause: code of what stands behind it; with the subject it tells alerts apart.
        subject: what was measured, as in `metric`.
        name: the figure.
        kind: broken data, a world that moved, or a run's own figures.
        message: in words for a person.
        value: of the figure; None when it could not be computed.
        threshold: what it may be; None where there is none.
        parameters: what the message was made of.
        severity: "look" where too little is known for an alarm.
    """

    cause: str
    subject: str
    name: str
    kind: Kind
    message: str
    value: float | None = None
    threshold: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    severity: Literal["alarm", "look"] = "alarm"


@dataclass(frozen=True)
class AlertRow:
    """A stored alert.

    Attributes:
        id: of the row.
        placement: where the lists are shown.
        cause: as in `NewAlert`, like all that follow.
        subject: what was measured.
        name: the figure.
        kind: fault, change or run.
        severity: alarm or look.
        state: open, acknowledged or resolved; acknowledged ones are open again when their time is
            over.
        at: when it was raised.
        seen_at: when it was seen last.
        run_no: the run that it is about; None for watches before any run.
        watch_no: the watch that saw it last; None for alerts of runs.
        value: of the figure.
        threshold: what it may be.
        message: in words.
        parameters: what the message was made of.
        acknowledged_at: when somebody took note of it.
        acknowledged_by: who.
        acknowledged_until: until when; None for good.
        acknowledged_why: why.
        is_expected: whether what it shows is the new health.
        resolved_at: when its cause was gone.
        resolved_why: how that was known.
    """

    id: int
    placement: str
    cause: str
    subject: str
    name: str
    kind: Kind
    severity: str
    state: State
    at: datetime
    seen_at: datetime
    run_no: int | None
    watch_no: int | None
    value: float | None
    threshold: float | None
    message: str
    parameters: dict[str, Any] | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    acknowledged_why: str | None
    is_expected: bool | None
    resolved_at: datetime | None
    resolved_why: str | None
