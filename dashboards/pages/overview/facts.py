"""What the pages for the morning show of a placement, and the functions that read it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from dashboards.pages.overview.past_facts import HistoryPage, Trends, WatchFacts, WatchLine

AlertState = Literal["open", "acknowledged", "resolved"]
Outcome = Literal["training", "ready", "refused", "failed"]


@dataclass(frozen=True)
class LiveFacts:
    """The run that is live.

    Attributes:
        run_id: its name.
        method: that makes its lists.
        trained_at: its training began.
        as_of: up to when it knew data; None where the data has no times.
        since: it is live since then.
        by: who put it there.
        why: the reason they gave; None for none.
        frozen_until: until then no publish moves the slot; None where it is not frozen.
        ndcg: NDCG@10 of its verdict, with the ends of its interval; None without a verdict.
    """

    run_id: str
    method: str
    trained_at: datetime
    as_of: datetime | None
    since: datetime
    by: str
    why: str | None = None
    frozen_until: datetime | None = None
    ndcg: tuple[float, float | None, float | None] | None = None


@dataclass(frozen=True)
class AlertFacts:
    """An alert as the table `alert` holds it.

    Attributes:
        id: its number.
        state: "open", "acknowledged" or "resolved".
        kind: "fault", "change" or "run".
        severity: "alarm" or "look".
        cause: code of what stands behind it.
        subject: what was measured.
        name: the figure.
        message: in words, with what to do.
        value: of the figure; None where it could not be computed.
        limit: what it may be; None where there is none.
        usual: lowest and highest value that is usual; None where nobody knows.
        at: when it was raised.
        seen_at: when it was seen last.
        run_id: the run that it is about; None for none.
        watch_no: the watch that saw it last; None for alerts of runs.
        acknowledged_at: when somebody took note; None where nobody did.
        acknowledged_by: who.
        acknowledged_why: why.
        acknowledged_until: until when; None for good.
        is_expected: whether what it shows is taken as health from now on.
        resolved_at: when its cause was gone; None while it stands.
        resolved_why: how that is known.
    """

    id: int
    state: AlertState
    kind: str
    severity: str
    cause: str
    subject: str
    name: str
    message: str
    at: datetime
    seen_at: datetime
    value: float | None = None
    limit: float | None = None
    usual: tuple[float | None, float | None] | None = None
    run_id: str | None = None
    watch_no: int | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_why: str | None = None
    acknowledged_until: datetime | None = None
    is_expected: bool = False
    resolved_at: datetime | None = None
    resolved_why: str | None = None


@dataclass(frozen=True)
class AlertPage:
    """One alert with what surrounds it.

    Attributes:
        alert: itself.
        before: earlier alerts of the same cause and subject, newest first.
        values: values of its figure with the first day of each, oldest first; empty for alerts of
            runs and for distributions.
    """

    alert: AlertFacts
    before: Sequence[AlertFacts] = ()
    values: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True)
class TrainingFacts:
    """How a training ended.

    Attributes:
        run_id: of its run.
        began_at: when.
        ended_at: when; None while it goes on.
        outcome: what came of it.
        why: of one that was refused or failed; "" where nobody could say.
    """

    run_id: str
    began_at: datetime
    ended_at: datetime | None
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True)
class DecisionFacts:
    """The retraining policy's newest answer.

    Attributes:
        at: when it was asked.
        due: whether a training was due.
        trigger: the rule that decided.
        reason: in words.
    """

    at: datetime
    due: bool
    trigger: str
    reason: str


@dataclass(frozen=True)
class CauseFacts:
    """A likely cause of what moved with the live run, as monitoring ranked it.

    Attributes:
        kind: data, candidates, ranker, rules, publish, unknown or chance.
        subject: what is concerned.
        severity: "alarm", "look" or "none".
        sentence: in words.
        evidence: figures behind it: subject, name, value, before, low, high.
    """

    kind: str
    subject: str
    severity: str
    sentence: str
    evidence: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class TodayFacts:
    """Everything that Today shows.

    Attributes:
        max_age: how long after its training the live run is too old.
        live: the live run; None where nothing is live.
        challenger: name of the run that waits for approval, and since when; None for none.
        alerts: that stand, open ones first and alarms first of these; bounded.
        newest: the newest training that has ended; None before the first.
        trouble: the newest training that failed or was refused, of the last twenty; None for none.
        decision: the policy's newest answer; None before the first.
        cron: when the schedule asks the policy, with the time zone.
        causes: of what moved with the live run, the most likely first.
        trends: figures over runs and watches.
    """

    max_age: timedelta
    live: LiveFacts | None = None
    challenger: tuple[str, datetime] | None = None
    alerts: Sequence[AlertFacts] = ()
    newest: TrainingFacts | None = None
    trouble: TrainingFacts | None = None
    decision: DecisionFacts | None = None
    cron: tuple[str, str] = ("", "")
    causes: Sequence[CauseFacts] = ()
    trends: Trends = field(default_factory=Trends)


@dataclass(frozen=True)
class OverviewReads:
    """Functions that read for the pages for the morning; None where there is no database yet.

    Attributes:
        today: of a placement.
        alerts: of a placement in a state, "" for all, the newest first and bounded.
        alert: of a placement by its number; None where there is none.
        history: of a placement, of one kind or "", before a moment or None.
        watches: of a placement, below a number or None, the newest first and bounded.
        watch: of a placement by its number; None where there is none.
    """

    today: Callable[[str], TodayFacts | None]
    alerts: Callable[[str, str], Sequence[AlertFacts]]
    alert: Callable[[str, int], AlertPage | None]
    history: Callable[[str, str, datetime | None], HistoryPage]
    watches: Callable[[str, int | None], Sequence[WatchLine]]
    watch: Callable[[str, int], WatchFacts | None]
