"""Alerts about quality: lists that do less than their verdict promised."""

import logging
from collections.abc import Iterable

from flows.session import Session
from flows.steps.realised.outcomes import Outcome
from flows.steps.realised.spans import moment_of
from fusion.watching.causes import QUALITY
from storage.schema.row_objects import RunRow
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import alerts_of, raise_alert, resolve_alerts

log = logging.getLogger(__name__)


def raise_and_resolve_quality(
    session: Session,
    listed: Iterable[Outcome],
    watch_no: int,
    limit: float,
) -> list[RunRow]:
    """Raise an alert where lists do less than was promised, and resolve it when they do again.

    Only the run that closed last at a horizon counts: an earlier one is history by then.

    Args:
        session: the database.
        listed: realised figures beside promises.
        watch_no: number of the watch.
        limit: score beyond which a figure is an alarm by the budget of false alarms; one that lies
            below its interval and not so far is something to look at.

    Returns:
        The runs that did less than they promised, each once.
    """
    below: dict[int, RunRow] = {}
    newest = {one.row.horizon: one for one in listed if one.is_below is not None}
    alerts = alerts_of(session.engine, session.placement)
    standing = {alert.subject: alert for alert in alerts if alert.cause == QUALITY.code}
    for horizon, outcome in newest.items():
        alert = standing.get(horizon)
        if outcome.is_below:
            new = new_alert(outcome, limit)
            number = outcome.run.run_no
            below[number] = outcome.run
            raise_alert(session.engine, session.placement, new, run_no=number, watch_no=watch_no)
            log.warning("alert cause=%s: %s", new.cause, new.message)
        elif alert is not None and (alert.run_no or 0) < outcome.run.run_no:
            why = f"run {outcome.run.run_id} does what it promised: {_realised(outcome)}"
            resolve_alerts(session.engine, [alert.id], why)
    return list(below.values())


def new_alert(outcome: Outcome, limit: float) -> NewAlert:
    """Return the alert of a run that does less than was promised.

    Args:
        outcome: the figure, below its promise.
        limit: as in `raise_and_resolve_quality`.
    """
    row, promise = outcome.row, outcome.promise
    assert promise is not None  # without one nothing is below it
    is_alarm = outcome.score < -limit
    return NewAlert(
        cause=QUALITY.code,
        subject=row.horizon,
        name=row.name,
        kind=QUALITY.kind,
        message=f"{QUALITY.says[0].upper()}{QUALITY.says[1:]} {_span(outcome)}: "
        f"{_realised(outcome)}{_usual(outcome)}. {QUALITY.do}",
        value=row.value,
        threshold=promise.low,
        parameters={
            "run_id": outcome.run.run_id,
            "horizon": row.horizon,
            "days": promise.days,
            "promised": promise.value,
            "low": promise.low,
            "high": promise.high,
            "usual": outcome.usual,
            "users": row.users,
            "score": outcome.score,
        },
        severity="alarm" if is_alarm else "look",
    )


def _span(outcome: Outcome) -> str:
    since = moment_of(outcome.start, outcome.timezone)
    days = outcome.promise.days if outcome.promise else 0
    length = "first day" if days == 1 else f"first {days} days"
    return f"(run {outcome.run.run_id}, {length} from {since:%Y-%m-%d %H:%M})"


def _realised(outcome: Outcome) -> str:
    row, promise = outcome.row, outcome.promise
    realised = f"NDCG@{row.k} {row.value:.4f} over {row.users:,} users"
    if promise is None or promise.low is None or promise.high is None:
        return realised
    return f"{realised}, promised {promise.low:.4f} to {promise.high:.4f}"


def _usual(outcome: Outcome) -> str:
    if outcome.usual is None:
        return ""
    runs = "1 earlier run" if outcome.earlier == 1 else f"{outcome.earlier} earlier runs"
    return f"; {outcome.usual:.4f} of {runs}"
