"""What happened that may be told: alerts, runs that failed or were refused, moves of slots."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Engine

from fusion.errors import Temporary, stored_text
from storage.runs.past.kinds import BACKFILL
from storage.runs.runs import runs
from storage.schema.row_objects import Move, RunRow
from storage.slots.history import moves
from storage.watches.alert_rows import AlertRow
from storage.watches.alerts import alerts_of

Kind = Literal[
    "raised", "escalated", "reopened", "resolved", "refused", "failed", "temporary", "published"
]
SUBJECT = {"raised": "alert", "escalated": "alert", "reopened": "alert"}
"""What `[notify] on` calls an event; others are called there as they are here."""
RUNS_LOOKED_AT = 20
"""Newest runs that are looked at: more do not end between two verbs."""
KILLED = "its process ended in the middle"


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        key: the same whenever it is looked at.
        kind: what happened.
        cause: events of one kind and cause are told in one message.
        at: when.
        details: figures and names, as JSON; no ids of users.
    """

    key: str
    kind: Kind
    cause: str
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)


def events_of(
    engine: Engine, placement: str, covered: Collection[str], since: datetime
) -> list[Event]:
    """Return what happened and is in no message.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        covered: keys of events that messages tell of.
        since: aware time before which runs and moves are not told; open alerts are.

    Returns:
        Events, the oldest first.
    """
    alerts = alerts_of(engine, placement, ("open", "resolved"))
    events = [*_of_alerts(alerts, covered)]
    ended = [
        *_of_runs(runs(engine, placement, RUNS_LOOKED_AT)),
        *_of_moves(_moves(engine, placement)),
    ]
    events += [one for one in ended if one.at >= since and one.key not in covered]
    return sorted(events, key=lambda event: event.at)


def event_of_failure(verb: str, failure: BaseException, at: datetime) -> Event:
    """Return the event of a verb that failed.

    Args:
        verb: its name.
        failure: that ended it.
        at: aware time.
    """
    kind: Kind = "temporary" if isinstance(failure, Temporary) else "failed"
    name = type(failure).__name__
    details = {"verb": verb, "reason": stored_text(failure)}
    return Event(f"{kind}:{verb}:{at.isoformat()}", kind, name, at, details)


def _of_alerts(alerts: Iterable[AlertRow], covered: Collection[str]) -> list[Event]:
    """Return raised, escalated, reopened and resolved alerts that were not told as such."""
    told: dict[str, set[str]] = defaultdict(set)
    for key in covered:
        subject, _, rest = key.partition(":")
        if subject == "alert":
            number, _, stage = rest.partition(":")
            told[number].add(stage)
    events: list[Event] = []
    for one in alerts:
        stages = told[str(one.id)]
        kind, stage = _stage(one, stages)
        if kind is not None:
            at = one.resolved_at if kind == "resolved" else one.at
            # Sources and features of a run fall by the dozen: one message tells of all of them.
            cause = one.name if one.kind == "run" else one.cause
            key = f"alert:{one.id}:{stage}"
            events.append(Event(key, kind, cause, at or one.at, _details(one)))
    return events


def _stage(one: AlertRow, told: set[str]) -> tuple[Kind | None, str]:
    """Return what has become of an alert that nobody was told, and its name in the key."""
    if one.state == "resolved":
        # Who never heard of it needs no all-clear.
        return ("resolved" if told and "resolved" not in told else None), "resolved"
    if one.acknowledged_until is not None:
        stage = f"{one.severity}@{one.acknowledged_until.isoformat()}"
        return (None if stage in told else "reopened"), stage
    if one.severity in told or (one.severity == "look" and told):
        return None, one.severity
    return ("escalated" if told else "raised"), one.severity


def _details(one: AlertRow) -> dict[str, Any]:
    said = one.parameters or {}
    return {
        "alert": one.id,
        "severity": one.severity,
        "kind": one.kind,
        "cause": one.cause,
        "subject": one.subject,
        "name": one.name,
        "message": one.message,
        "value": one.value,
        "usual": [said["low"], said["high"]] if "low" in said else None,
        "limit": one.threshold,
        "since": one.at.isoformat(),
        "resolved_at": one.resolved_at.isoformat() if one.resolved_at else None,
        "resolved_why": one.resolved_why,
    }


def _of_runs(newest: Iterable[RunRow]) -> list[Event]:
    """Return runs that failed or were refused, and refusals to publish one."""
    events = []
    for run in newest:
        # Whoever backfills the past looks at what comes of it.
        if run.kind == BACKFILL:
            continue
        manifest = run.manifest or {}
        ended_at = run.finished_at or run.created_at
        if run.status == "failed":
            reason = manifest.get("error") or KILLED
            kind = reason.partition(":")[0] if manifest.get("error") else "killed"
            details = {"run": run.run_id, "reason": reason}
            events.append(Event(f"run:{run.run_no}:failed", "failed", kind, ended_at, details))
        if run.status == "rejected":
            details = {"run": run.run_id, "reason": _reasons(manifest.get("checks", []))}
            key = f"run:{run.run_no}:refused"
            events.append(Event(key, "refused", "refused", ended_at, details))
        for refusal in manifest.get("refusals", []):
            at = datetime.fromisoformat(refusal["at"]).astimezone(UTC)
            details = {"run": run.run_id, "reason": _reasons(refusal["checks"])}
            key = f"run:{run.run_no}:refused:{refusal['at']}"
            events.append(Event(key, "refused", "refused", at, details))
    return events


def _reasons(checks: Iterable[dict[str, Any]]) -> str:
    broken = [f"{one['name']} ({one['message']})" for one in checks if not one["holds"]]
    return "; ".join(broken)


def _moves(engine: Engine, placement: str) -> list[Move]:
    with engine.connect() as connection:
        live = moves(connection, placement)
        return [*live, *moves(connection, placement, "challenger")]


def _of_moves(made: Iterable[Move]) -> list[Event]:
    """Return runs that went live or wait for approval; why somebody moved them may name people."""
    events = []
    for move in made:
        is_held = move.name == "challenger"
        # An emptied slot is told by what filled the other one.
        if move.to_run_id is None or move.action == "unfreeze":
            continue
        details = {"run": move.to_run_id, "instead_of": move.from_run_id, "action": move.action}
        details["slot"] = move.name
        cause = "held" if is_held else move.action
        events.append(Event(f"move:{move.id}", "published", cause, move.at, details))
    return events
