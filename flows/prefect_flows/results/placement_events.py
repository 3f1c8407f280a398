"""Events of a watch: `retrain` waits for the first, automations of a user for any.

They carry codes and numbers, never a message or an id of the data: whoever may read events sees no
user.
"""

from typing import Any
from urllib.parse import quote

from prefect.events import emit_event

from flows.steps.arrivals.watch import WatchOutcome
from storage.watches.alert_rows import AlertRow

WATCH_DONE = "fusion.watch.done"
"""Sent by each watch that ended."""
EVENT_OF_KIND = {
    "fault": "fusion.watch.fault",
    "change": "fusion.watch.drifted",
    "quality": "fusion.watch.quality",
}
"""Sent once for an alert, by the watch that raised it."""


def resource_of(placement: str) -> str:
    """Return the id of a placement as a resource of Prefect.

    Args:
        placement: its name, of any letters: signs that a trigger would take for a pattern are
            quoted.
    """
    return f"fusion.placement.{quote(placement, safe='')}"


def send_events(placement: str, outcome: WatchOutcome) -> None:
    """Send the events of a watch, the alerts that it raised before its end.

    Args:
        placement: that was watched.
        outcome: of the watch.
    """
    resource = {
        "prefect.resource.id": resource_of(placement),
        "prefect.resource.name": placement,
    }
    for alert in outcome.alerts:
        event = EVENT_OF_KIND.get(alert.kind)
        if event and _is_news(alert, outcome.watch_no):
            about = {"alert": alert.id, **_described(alert)}
            emit_event(event, resource, payload={"watch_no": outcome.watch_no, **about})
    is_open = [_described(one) for one in outcome.alerts if one.state == "open"]
    payload: dict[str, Any] = {
        "watch_no": outcome.watch_no,
        "as_of": outcome.as_of.isoformat(),
        "alerts": is_open,
    }
    emit_event(WATCH_DONE, resource, payload=payload)


def _is_news(alert: AlertRow, watch_no: int) -> bool:
    """Return whether this watch raised an alert: seen again, it would be seen later than raised."""
    return alert.watch_no == watch_no and alert.at == alert.seen_at


def _described(alert: AlertRow) -> dict[str, str]:
    return {"cause": alert.cause, "kind": alert.kind, "severity": alert.severity}
