"""Which events are told now: one message for each kind and cause, with a quiet period."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from flows.steps.notify.events import Event

QUIET = frozenset({"raised", "refused", "failed", "temporary"})
"""Kinds that wait while their cause was told a short while ago; what is news of another kind, such
as an all-clear, does not."""


def groups(
    events: Iterable[Event], told_at: Mapping[str, datetime], now: datetime, quiet: timedelta
) -> list[list[Event]]:
    """Put events into messages; those of a cause that is quiet wait for a later call.

    Args:
        events: that are in no message, the oldest first.
        told_at: when each cause was told last, by messages of the kinds in QUIET.
        now: aware time.
        quiet: the quiet period of a cause.

    Returns:
        Events of one kind and cause each.
    """
    by_cause: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        last = told_at.get(event.cause)
        is_quiet = last is not None and now - last < quiet
        if event.kind in QUIET and is_quiet:
            continue
        by_cause.setdefault((event.kind, event.cause), []).append(event)
    return list(by_cause.values())
