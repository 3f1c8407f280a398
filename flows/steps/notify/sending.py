"""Deliveries that are due, sent within a time limit; what fails is tried again by later verbs."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread

from sqlalchemy import Engine

from flows.notify_settings import NotifySettings
from flows.steps.notify.receivers import Receiver
from flows.steps.notify.webhook import Undelivered
from storage.notifications.deliveries import Delivery, claim, note_sent, put_off, waiting
from storage.schema.types import utc_now

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 60, 3600
"""Seconds before the second try, and at most between two: each wait is twice the one before."""
CLAIM = timedelta(minutes=15)
"""How long a process that died holds a message; longer than any that lives takes for one."""


@dataclass
class Sent:
    """Outcome of messages for one receiver.

    Attributes:
        receiver: its name.
        sent: messages that it took.
        waiting: messages that it did not take, and that are sent again.
        given_up: messages that are not sent again.
        error: why it did not take the last one; None where it took all.
    """

    receiver: str
    sent: int = 0
    waiting: int = 0
    given_up: int = 0
    error: str | None = None


def send_due(
    engine: Engine, placement: str, receivers: Sequence[Receiver], settings: NotifySettings
) -> list[Sent]:
    """Send what is due to every receiver, side by side, and wait no longer than is set.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        receivers: of the configuration.
        settings: `[notify]`.

    Returns:
        What became of it, by receiver; a receiver that is still sending then counts as waiting.
    """
    now, end_of_wait = utc_now(), time.monotonic() + settings.seconds
    due = waiting(engine, placement, [one.mark for one in receivers], now)
    ends = [Sent(one.name) for one in receivers]
    tasks = []
    for receiver, end in zip(receivers, ends, strict=True):
        theirs = [one for one in due if one.receiver == receiver.mark]
        if theirs:
            tasks.append(_task(engine, receiver, theirs, settings, end, end_of_wait))
    in_time(tasks, settings.seconds)
    _count_waiting(engine, placement, receivers, ends)
    return ends


def in_time(tasks: Sequence[Callable[[], None]], seconds: float) -> None:
    """Run tasks side by side, and go on without those that take longer.

    Args:
        tasks: that raise nothing.
        seconds: for all of them.
    """
    # Daemons: a receiver that keeps a connection open does not keep the process from ending.
    threads = [Thread(target=task, daemon=True) for task in tasks]
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _task(
    engine: Engine,
    receiver: Receiver,
    due: Sequence[Delivery],
    settings: NotifySettings,
    end: Sent,
    end_of_wait: float,
) -> Callable[[], None]:
    def _send_all() -> None:
        pool = engine.pool
        try:
            for one in due:
                if not _send(engine, receiver, one, settings, end):
                    # The others would meet the same: they are tried with it, later.
                    return
        # The edge of a thread: whatever happens here fails no verb.
        except Exception as failure:
            end.error = receiver.masked(f"{type(failure).__name__}: {failure}")
            log.warning("not told receiver=%s: %s", receiver.name, end.error)
        finally:
            # The verb has closed its database by then. A connection that this thread used meanwhile
            # went back to the pool of that time, one that it opened since to a new pool.
            if time.monotonic() > end_of_wait:
                pool.dispose()
                engine.dispose()

    return _send_all


def _send(
    engine: Engine, receiver: Receiver, one: Delivery, settings: NotifySettings, end: Sent
) -> bool:
    """Claim and send one message; say whether to go on with the next."""
    now = utc_now()
    if not claim(engine, one, now, now + CLAIM):
        return True
    try:
        receiver.sender.send(one.body, settings.seconds)
    except Undelivered as failure:
        end.error = receiver.masked(str(failure))
        due_at = next_try(one, now, timedelta(hours=settings.give_up))
        put_off(engine, one, end.error, due_at)
        end.given_up += due_at is None
        what = "given up" if due_at is None else "sent again later"
        log.warning("not told receiver=%s, %s: %s", receiver.name, what, end.error)
        return due_at is None
    note_sent(engine, one, utc_now())
    end.sent += 1
    log.info(
        "told receiver=%s event=%s cause=%s", receiver.name, one.body["event"], one.body["cause"]
    )
    return True


def next_try(one: Delivery, now: datetime, give_up: timedelta) -> datetime | None:
    """Return when to send a message again that a receiver did not take.

    Args:
        one: before this try is counted.
        now: aware time of the try.
        give_up: age at which messages are given up.

    Returns:
        An aware time; None where the message is given up.
    """
    wait = timedelta(seconds=min(FIRST_WAIT * 2.0**one.tries, LONGEST_WAIT))
    return None if now + wait > one.at + give_up else now + wait


def _count_waiting(
    engine: Engine, placement: str, receivers: Sequence[Receiver], ends: Sequence[Sent]
) -> None:
    left = waiting(engine, placement, [one.mark for one in receivers])
    for receiver, end in zip(receivers, ends, strict=True):
        theirs = [one for one in left if one.receiver == receiver.mark]
        end.waiting = len(theirs)
        if theirs and end.error is None:
            end.error = theirs[0].error
