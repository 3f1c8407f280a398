"""Alerts of monitored runs: raised, and resolved where the newest run does not show them."""

import logging
from collections.abc import Sequence

from dashboards.alerts import Alert
from flows.session import Session
from storage.schema.row_objects import RunRow
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import alerts_of, raise_alert, resolve_alerts

log = logging.getLogger(__name__)


def store_alerts(session: Session, run: RunRow, raised: Sequence[Alert]) -> None:
    """Raise what was found, and resolve what the newest run does not show any more.

    Args:
        session: the database.
        run: that was monitored.
        raised: what was found.
    """
    standing = alerts_of(session.engine, session.placement)
    seen = set()
    for alert in raised:
        found = NewAlert(
            cause=f"{alert.subject}.{alert.name}",
            subject=alert.subject,
            name=alert.name,
            kind="run",
            message=alert.message,
            value=alert.value,
            threshold=alert.limit,
        )
        number, _ = raise_alert(session.engine, session.placement, found, run_no=run.run_no)
        seen.add(number)
        log.warning("alert subject=%s name=%s: %s", alert.subject, alert.name, alert.message)
    # What is live stands as it was: lists that nobody is shown mend nothing of it.
    if run.status == "rejected":
        return
    # An older run, looked at again, says nothing about what stands now.
    gone = [
        one.id
        for one in standing
        if one.kind == "run" and one.id not in seen and (one.run_no or 0) <= run.run_no
    ]
    resolve_alerts(session.engine, gone, f"run {run.run_id} does not show it")
