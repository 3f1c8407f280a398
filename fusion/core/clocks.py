"""Stored times that lie in the future, since a clock was ahead when they were written.

Nothing may wait for such a time: a clock that stood at 2099 would stop a schedule for decades.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

SKEW = timedelta(minutes=10)
"""Difference that clocks of hosts may have: less says nothing about a clock."""


def is_ahead(stored: datetime, now: datetime) -> bool:
    """Return whether a time that was the present once lies in the future.

    Args:
        stored: aware time, written down as it was the present.
        now: aware time.
    """
    return stored - now > SKEW


def ahead_sentence(event: str, stored: datetime, now: datetime) -> str:
    """Say that a stored time lies in the future, with both times.

    Args:
        event: what happened then, such as "run X was trained".
        stored: aware time in UTC.
        now: aware time in UTC.

    Returns:
        A sentence without its full stop.
    """
    return (
        f"{event} at {stored:%Y-%m-%d %H:%M} UTC, but it is {now:%Y-%m-%d %H:%M} UTC now: "
        "a clock was ahead then, or this one is behind"
    )


def settled_times(times: Sequence[datetime], now: datetime) -> list[datetime]:
    """Return times of events, those in the future no later than the events that came after.

    Args:
        times: aware times of events in the order in which they happened.
        now: aware time.

    Returns:
        The times; one that lies in the future stays so only where all later ones do.
    """
    settled = list(times)
    for place in range(len(settled) - 2, -1, -1):
        if is_ahead(settled[place], now):
            settled[place] = min(settled[place], settled[place + 1])
    return settled
