"""The present, and stored times that lie in the future, since a clock was ahead at that time.

Nothing may wait for such a time: a clock that stood at 2099 would stop a schedule for decades.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_REPLAYED: ContextVar[datetime | None] = ContextVar("replayed moment", default=None)
"""The moment that a replay of the past takes for the present; None is the clock's."""
SKEW = timedelta(minutes=10)
"""Difference that clocks of hosts may have: less says nothing about a clock."""


def utc_now() -> datetime:
    """Return the present as an aware UTC time; within `clock_at` the moment that is replayed."""
    return _REPLAYED.get() or datetime.now(UTC)


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Take a moment of the past for the present while the block runs.

    What is written down then, such as when a run began or went live, bears that time. Threads that
    the block starts have the clock's own.

    Args:
        moment: aware time.

    Yields:
        Nothing.
    """
    token = _REPLAYED.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _REPLAYED.reset(token)


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
