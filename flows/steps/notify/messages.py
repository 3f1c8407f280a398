"""A message in words, and as the JSON that webhooks get."""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from flows.steps.notify.events import Event
from flows.steps.notify.phrases import KINDS, command, figure, moment, plain
from storage.notifications.outbox import NewNotification

VERSION = 1
"""Of the JSON; it grows when a key changes its meaning or goes."""
HEADS = {
    "raised": "alert",
    "escalated": "alert grown worse",
    "reopened": "alert stands again",
    "resolved": "resolved",
    "refused": "run refused",
    "failed": "failed",
    "temporary": "failed for now",
    "published": "published",
}
"""How titles name events."""


def message(events: Sequence[Event], placement: str, at: datetime, config: Path) -> NewNotification:
    """Write the message about events of one kind and cause.

    Args:
        events: the oldest first.
        placement: where the lists are shown.
        at: aware time of the message.
        config: the configuration file, for commands.

    Returns:
        The message, not stored yet.
    """
    first = events[0]
    keys = tuple(event.key for event in events)
    commands = [command(words, config) for words in _commands(events)]
    lines = [line for event in events for line in (*_WRITERS[first.kind](event), "")]
    more = f" ({len(events)})" if len(events) > 1 else ""
    key = sha256("\n".join(sorted(keys)).encode()).hexdigest()[:32]
    body = {
        "version": VERSION,
        "key": key,
        "event": first.kind,
        "placement": placement,
        "cause": first.cause,
        "at": at.isoformat(),
        "title": plain(f"fusion {placement}: {HEADS[first.kind]}, {_topic(first)}{more}"),
        "text": "\n".join([*lines, _advice(first), *commands]),
        "events": [{"at": event.at.isoformat(), **event.details} for event in events],
        "commands": commands,
    }
    return NewNotification(key, first.kind, first.cause, keys, body)


def _topic(event: Event) -> str:
    details = event.details
    if event.kind in ("failed", "temporary"):
        return f"{details.get('verb', 'run')} ({event.cause})"
    if event.kind == "refused":
        return str(details["run"])
    return f"run {details['run']}" if event.kind == "published" else event.cause


def _write_alert(event: Event) -> list[str]:
    details = event.details
    lines = [
        plain(details["message"]),
        f"Since {moment(details['since'])}",
        figure(details),
        f"Cause: {plain(details['cause'])} ({details['kind']}: {KINDS[details['kind']]})",
    ]
    if details["severity"] == "look":
        lines.append("Too little is known for an alarm: have a look.")
    if event.kind == "reopened":
        lines.append("It was acknowledged up to a time that is over.")
    return lines


def _write_resolved(event: Event) -> list[str]:
    details = event.details
    return [
        f"Resolved: {plain(details['resolved_why'] or 'its cause is gone')}",
        f"It stood from {moment(details['since'])} to {moment(event.at.isoformat())}.",
        f"It had said: {plain(details['message'])}",
    ]


def _write_refused(event: Event) -> list[str]:
    reason = plain(event.details["reason"] or "a check did not hold")
    return [f"Run {event.details['run']} is not shown: {reason}", "What is live stays live."]


def _write_failed(event: Event) -> list[str]:
    details = event.details
    who = f"Run {details['run']}" if "run" in details else f"`fusion {details['verb']}`"
    return [f"{who} failed at {moment(event.at.isoformat())}: {plain(details['reason'])}"]


def _write_published(event: Event) -> list[str]:
    details = event.details
    if details["slot"] == "challenger":
        return [f"Run {details['run']} waits for approval; what is live stays live."]
    before = f" instead of {details['instead_of']}" if details["instead_of"] else ""
    how = "It is a rollback. " if details["action"] == "rollback" else ""
    return [f"{how}Run {details['run']} is live since {moment(event.at.isoformat())}{before}."]


_WRITERS: dict[str, Callable[[Event], list[str]]] = {
    **dict.fromkeys(("raised", "escalated", "reopened"), _write_alert),
    "resolved": _write_resolved,
    "refused": _write_refused,
    **dict.fromkeys(("failed", "temporary"), _write_failed),
    "published": _write_published,
}


def _advice(event: Event) -> str:
    """Say what to do, in the line before the commands."""
    if event.kind in ("raised", "escalated", "reopened"):
        return "To do: look at it, and say that you know of it:"
    sentences = {
        "resolved": "Nothing needs doing. What stood and stands:",
        "refused": "To do: compare it with what is live, then mend the data or settings:",
        "failed": "To do: see what is wrong, mend it, and try again:",
        "temporary": "Nothing needs doing if the next try succeeds. What is live:",
        "published": "To look at it, and to go back:",
    }
    return sentences[event.kind]


def _commands(events: Sequence[Event]) -> list[str]:
    """Return what to type, after `fusion`."""
    kind = events[0].kind
    if kind in ("raised", "escalated", "reopened"):
        numbers = [event.details["alert"] for event in events]
        return ["alerts", *(f"alerts ack {one} --why TEXT" for one in numbers)]
    if kind == "refused":
        return [f"diff live {event.details['run']}" for event in events]
    commands: dict[str, list[str]] = {
        "resolved": ["alerts show --all"],
        "failed": ["check", "retrain"],
        "temporary": ["status"],
        "published": ["status", "rollback"],
    }
    if kind == "published" and events[-1].details["slot"] == "challenger":
        return ["diff live challenger", f"approve {events[-1].details['run']}"]
    return commands[kind]


def trial_body(placement: str, at: datetime, key: str) -> dict[str, Any]:
    """Write the message of `fusion notify --test`.

    Args:
        placement: where the lists are shown.
        at: aware time.
        key: of the message.

    Returns:
        The body, as of any other message.
    """
    return {
        "version": VERSION,
        "key": key,
        "event": "test",
        "placement": placement,
        "cause": "test",
        "at": at.isoformat(),
        "title": plain(f"fusion {placement}: test"),
        "text": "This is a test of `fusion notify --test`. Alerts will arrive here.",
        "events": [],
        "commands": [],
    }
