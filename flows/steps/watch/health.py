"""`fusion health`: whether lists are served, and are not too old, for probes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.session import Session
from fusion.core.clocks import utc_now
from storage.database.errors import NoDatabase
from storage.reading.live_run import LiveAge, live_age

NOTHING_LIVE = "nothing_live"
TOO_OLD = "too_old"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Health:
    """State of a placement as a probe learns it.

    Attributes:
        healthy: lists are served, and are not too old.
        problem: "nothing_live", "too_old" or None.
        message: a sentence for a person.
        run_id: of the live run; None while nothing is live, and so are the times.
        as_of: up to when it knew data; None where the data has no times.
        trained_at: its training began.
        since: it is live since then.
        age_hours: since its training began; below 0 where a clock was ahead.
        max_age_hours: how old it may be; None for any age.
    """

    healthy: bool
    problem: str | None
    message: str
    run_id: str | None = None
    as_of: datetime | None = None
    trained_at: datetime | None = None
    since: datetime | None = None
    age_hours: float | None = None
    max_age_hours: float | None = None


def read_health(session: Session, max_age: timedelta | None = None) -> Health:
    """See whether the placement serves lists, and how old they are.

    Args:
        session: the database, which is only read, and its placement.
        max_age: how long ago the live run's training may have begun; None for any time.

    Returns:
        What a probe learns, healthy or not.
    """
    try:
        shown = live_age(session.engine, session.placement)
    except NoDatabase:
        shown = None
    limit = max_age / _HOUR if max_age else None
    if shown is None:
        message = f"Nothing is live in placement {session.placement!r}."
        return Health(False, NOTHING_LIVE, message, max_age_hours=limit)
    return _judge(shown, limit)


def _judge(shown: LiveAge, limit: float | None) -> Health:
    """Compare the age of the live run with its limit in hours."""
    age = round((utc_now() - shown.trained_at) / _HOUR, 2)
    is_old = limit is not None and age > limit
    message = f"Run {shown.run_id} is live, {_describe_age(age)}"
    message += f", and may be {limit:g} h old." if is_old else "."
    return Health(
        healthy=not is_old,
        problem=TOO_OLD if is_old else None,
        message=message,
        **vars(shown),
        age_hours=age,
        max_age_hours=limit,
    )


def _describe_age(hours: float) -> str:
    # A clock that was ahead is worth a look, and no reason to take lists from readers.
    if hours < 0:
        return f"trained {-hours:.1f} h from now: a clock was ahead"
    return f"trained {hours:.1f} h ago"
