"""Alerts of a watch: raised where a cause was found, resolved where figures are usual again."""

import logging
from collections.abc import Iterable

from flows.session import Session
from fusion.watching.alarms import Alarm
from fusion.watching.causes import QUALITY
from fusion.watching.watch import WatchResult
from storage.schema.row_objects import LiveRun
from storage.watches.alert_rows import AlertRow, NewAlert
from storage.watches.alerts import raise_alert, resolve_alerts

log = logging.getLogger(__name__)


def raise_and_resolve(
    session: Session,
    watched: WatchResult,
    earlier: Iterable[AlertRow],
    watch_no: int,
    live_run: LiveRun | None,
) -> None:
    """Raise what was found, and resolve what is as usual again.

    Args:
        session: the database.
        watched: what a watch found.
        earlier: alerts that it may resolve.
        watch_no: its number.
        live_run: the run that was live; None where none was.
    """
    run_no = live_run.run.run_no if live_run else None
    seen = set()
    for alarm in watched.alarms:
        new = _new_alert(alarm)
        number, is_new = raise_alert(
            session.engine, session.placement, new, run_no=run_no, watch_no=watch_no
        )
        seen.add(number)
        log.warning("alert cause=%s new=%s: %s", new.cause, is_new, new.message)
    is_closed = any(one.is_new and one.judgements for one in watched.windows)
    gone = []
    for one in earlier:
        is_other = one.kind == "run" or one.cause == QUALITY.code
        if one.state == "resolved" or is_other or one.id in seen:
            continue
        # Every watch looks for faults; a change is over when a later window does not show it.
        if one.kind == "fault" or is_closed:
            gone.append(one.id)
    why = f"watch {watch_no} finds the figures as usual"
    resolve_alerts(session.engine, gone, why)


def _new_alert(alarm: Alarm) -> NewAlert:
    worst = alarm.judgements[0]
    limit = worst.low if worst.effect < 0 else worst.high
    parameters = {
        "unit": alarm.unit,
        "start": alarm.start.isoformat(),
        "figures": [one.figure.key for one in alarm.judgements],
        "columns": list(alarm.columns),
        "low": worst.low,
        "high": worst.high,
    }
    return NewAlert(
        cause=alarm.cause.code,
        subject=alarm.subject,
        name=worst.figure.name,
        kind=alarm.cause.kind,
        message=alarm.message,
        value=float(worst.value),
        threshold=limit,
        parameters=parameters,
    )
