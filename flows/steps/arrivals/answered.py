"""Changes that a training has answered: who trained on them knows them, and they ask no more."""

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flows.session import Session
from fusion.data.days import midnight
from fusion.errors import Unavailable
from storage.schema.row_objects import RunRow
from storage.watches.alert_rows import AlertRow
from storage.watches.alerts import alerts_of
from storage.watches.answers import answer_alerts
from storage.watches.watches import WatchRow, watches_by_no

log = logging.getLogger(__name__)
DAY = "day"
"""The unit, as `fusion.watching.figure` calls it, which imports NumPy: approving needs none."""


def answer_changes(session: Session, run: RunRow) -> list[int]:
    """Resolve the changes that a run knew, as it goes live.

    What it knew is health from then on: their window begins a new baseline.

    Args:
        session: the database and its placement.
        run: that is live.

    Returns:
        Numbers of the alerts that it answered.
    """
    standing = alerts_of(session.engine, session.placement)
    changes = [one for one in standing if one.kind == "change" and not one.is_expected]
    beyond = {one.id for one in changes_beyond(session, changes, run.as_of)}
    answered = [one.id for one in changes if one.id not in beyond]
    answer_alerts(session.engine, answered, run.run_id)
    if answered:
        log.info("alerts answered run_id=%s alerts=%s", run.run_id, answered)
    return answered


def answer_as_live(session: Session, run: RunRow) -> None:
    """Resolve the changes that a run knew, right after it went live.

    A database that is away now ends no publishing that is done: the next watch or question to the
    policy does it again.

    Args:
        session: the database and its placement.
        run: that is live.
    """
    try:
        answer_changes(session, run)
    except Unavailable as away:
        log.warning("alerts that run %s answers stay open for now: %s", run.run_id, away)


def changes_beyond(
    session: Session, changes: Iterable[AlertRow], as_of: datetime | None
) -> list[AlertRow]:
    """Return the changes that a run's data does not reach.

    Args:
        session: the database.
        changes: alerts of watches.
        as_of: aware time at which the run's data ends; None where it has no times.

    Returns:
        Those that the run does not know, or whose window nobody can tell.
    """
    listed = list(changes)
    numbers = {one.watch_no for one in listed if one.watch_no is not None}
    watches = watches_by_no(session.engine, numbers)
    beyond = []
    for one in listed:
        end = end_of_change(one, watches.get(one.watch_no or 0))
        if as_of is None or end is None or as_of < end:
            beyond.append(one)
    return beyond


def end_of_change(alert: AlertRow, watch: WatchRow | None) -> datetime | None:
    """Return until when the data must be known for a change to be known.

    Args:
        alert: of a watch.
        watch: that saw it last.

    Returns:
        The end of its day or window, or the newest event by then, where that was earlier: a run on
        all data ends with it. None where nobody can tell.
    """
    said = alert.parameters or {}
    if watch is None or "start" not in said:
        return None
    after = date.fromisoformat(said["start"]) + timedelta(days=span_days(said["unit"], watch))
    end = datetime.fromtimestamp(midnight(after, watch.layout["timezone"]) / 1000, UTC)
    newest = watch.facts.get("newest_event")
    return min(end, datetime.fromisoformat(newest)) if newest else end


def span_days(unit: str, watch: WatchRow) -> int:
    """Return the length of a day or window.

    Args:
        unit: "day" or "window".
        watch: whose grid counts.
    """
    return 1 if unit == DAY else int(watch.layout["window_days"])


def windows_in_a_row(alert: AlertRow, watches: Iterable[WatchRow], as_of: datetime | None) -> int:
    """Count the closed days or windows in a row that show a change.

    Args:
        alert: that is open.
        watches: newest first.
        as_of: aware time at which the live run's data ends: what it knows is not counted.

    Returns:
        At least one, the window for which the alert was raised. Windows that closed between two
        watches are not counted: only the newest one is kept with each watch.
    """
    unit = (alert.parameters or {}).get("unit", DAY)
    counted: set[str] = set()
    for watch in watches:
        span: dict[str, Any] | None = watch.facts.get(unit)
        if span is None or span["start"] in counted:
            continue
        after = date.fromisoformat(span["start"]) + timedelta(days=span_days(unit, watch))
        if as_of is not None and after <= as_of.date():
            break
        if not any(_points_at(figure, alert) for figure in span["figures"]):
            break
        counted.add(span["start"])
    return max(1, len(counted))


def _points_at(figure: dict[str, Any], alert: AlertRow) -> bool:
    is_same = (figure["cause"], figure["subject"]) == (alert.cause, alert.subject)
    return is_same and figure["state"] == "alarm"
