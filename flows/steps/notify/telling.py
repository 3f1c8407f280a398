"""The hook at the end of verbs and flows: tell what happened, and change nothing of their end."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from flows.session import Session
from flows.steps.notify.events import SUBJECT, Event, event_of_failure, events_of
from flows.steps.notify.grouping import QUIET, groups
from flows.steps.notify.messages import message
from flows.steps.notify.receivers import Receiver, usable_receivers
from flows.steps.notify.sending import Sent, in_time, send_due
from fusion.errors import FusionError, Refused
from storage.notifications.outbox import NewNotification, open_outbox
from storage.runs.runs import runs
from storage.schema.types import utc_now

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
UNATTENDED = frozenset({"run", "retrain", "train", "watch", "monitor"})
"""Verbs whose failure is told where no person sits at a terminal, also where no run had begun."""


@contextmanager
def telling(config: Path, verb: str) -> Iterator[None]:
    """Tell what happened in a block, when it has ended.

    Args:
        config: the configuration file.
        verb: name of what the block does.

    Yields:
        Nothing.
    """
    began = utc_now()
    try:
        yield
    except Exception as failure:
        # What is refused is in SQL already, with its reasons.
        tell_safely(config, verb, began, None if isinstance(failure, Refused) else failure)
        raise
    tell_safely(config, verb, began)


def told(verb: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function whose first argument is the path of a configuration: tell at its end.

    Args:
        verb: a verb as a function of its own.
    """

    @wraps(verb)
    def _call(*args: P.args, **kwargs: P.kwargs) -> T:
        config = kwargs["config"] if "config" in kwargs else args[0]
        with telling(Path(str(config)), verb.__name__):
            return verb(*args, **kwargs)

    return _call


def tell_safely(
    config: Path, verb: str, began: datetime, failure: BaseException | None = None
) -> None:
    """Tell what happened; whatever goes wrong is a line of the log.

    Args:
        config: the configuration file.
        verb: that has ended.
        began: aware time at which it began.
        failure: that ended it; None where it ended well.
    """
    try:
        session = Session.open(config)
    except FusionError:
        # Without a configuration nobody is known who could be told.
        return
    if not session.config.notify.urls:
        return
    is_alone = failure is not None and verb in UNATTENDED and not session.attended
    event = event_of_failure(verb, failure, utc_now()) if failure and is_alone else None
    try:
        tell(session, config.resolve(), began, event)
    # The edge of a verb that has ended: it published, and must say so.
    except Exception as problem:
        log.warning("nobody was told: %s: %s", type(problem).__name__, problem)
        _tell_directly(session, config.resolve(), event)
    finally:
        # Only what was opened is closed.
        if "engine" in vars(session):
            session.engine.dispose()


def tell(
    session: Session, config: Path, began: datetime, failure: Event | None = None
) -> list[Sent]:
    """Store messages about what nobody was told yet, and send what is due.

    Args:
        session: the configuration and the database.
        config: the configuration file, for commands in messages.
        began: aware time from which on events are told where nothing was ever told.
        failure: of a verb; told where no failed run of this verb tells it.

    Returns:
        What became of the messages, by receiver.

    Raises:
        FusionError: the database is away.
    """
    known = usable_receivers(session.config.notify)
    now = utc_now()
    with open_outbox(session.engine, session.placement) as outbox:
        started = outbox.start(began)
        covered = outbox.covered()
        told_at = outbox.told_at(QUIET)
    since = max(started, now - timedelta(hours=session.config.notify.give_up))
    events = events_of(session.engine, session.placement, covered, since)
    if failure is not None and not _has_failed_run(session, began):
        events.append(failure)
    new = _messages(session, config, events, told_at)
    if new:
        marks = {one.mark for one in known}
        with open_outbox(session.engine, session.placement) as outbox:
            covered = outbox.covered()
            for one in new:
                # Another process may have told of it meanwhile.
                if covered.isdisjoint(one.covers):
                    outbox.add(one, marks, now)
    return send_due(session.engine, session.placement, known, session.config.notify)


def _has_failed_run(session: Session, began: datetime) -> bool:
    """Return whether a run failed meanwhile: it tells of the failure by itself."""
    newest = runs(session.engine, session.placement, limit=1)
    return any(one.status == "failed" and (one.finished_at or began) >= began for one in newest)


def _messages(
    session: Session, config: Path, events: list[Event], told_at: dict[str, datetime]
) -> list[NewNotification]:
    settings, now = session.config.notify, utc_now()
    wanted = [one for one in events if SUBJECT.get(one.kind, one.kind) in settings.on]
    by_cause = groups(wanted, told_at, now, timedelta(hours=settings.quiet))
    return [message(one, session.placement, now, config) for one in by_cause]


def _tell_directly(session: Session, config: Path, event: Event | None) -> None:
    """Send a failure where the database is away, which may be why; it is not tried again."""
    settings = session.config.notify
    if event is None or event.kind not in settings.on:
        return
    body = message([event], session.placement, utc_now(), config).body
    known = usable_receivers(settings)
    in_time([partial(_send_once, one, body, settings.seconds) for one in known], settings.seconds)


def _send_once(receiver: Receiver, body: dict[str, Any], seconds: float) -> None:
    try:
        receiver.sender.send(body, seconds)
    # The edge of a thread.
    except Exception as failure:
        why = receiver.masked(f"{type(failure).__name__}: {failure}")
        log.warning("not told receiver=%s: %s", receiver.name, why)
