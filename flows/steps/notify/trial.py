"""`fusion notify`: send what waits, or a test."""

from functools import partial
from uuid import uuid4

from flows.session import Session
from flows.steps.notify.messages import trial_body
from flows.steps.notify.receivers import Receiver, receivers
from flows.steps.notify.sending import Sent, in_time, send_due
from flows.steps.notify.webhook import Undelivered
from fusion.errors import ConfigError
from storage.schema.types import utc_now

TOO_SLOW = "it took longer than [notify] seconds"


def configured_receivers(session: Session) -> list[Receiver]:
    """Return the receivers of the configuration.

    Args:
        session: the configuration.

    Raises:
        ConfigError: there are none, or a URL is none that is known.
    """
    known = receivers(session.config.notify)
    if not known:
        raise ConfigError(
            "nobody is to be told: set FUSION_NOTIFY__URLS, or urls in [notify], to one or more "
            "URLs such as https://host/path or mailtos://user@host?to=ann@host"
        )
    return known


def send_waiting(session: Session) -> list[Sent]:
    """Send what waits and is due.

    Args:
        session: the configuration and the database.

    Returns:
        What became of it, by receiver.

    Raises:
        ConfigError: nobody is to be told, or a URL is none that is known.
    """
    known = configured_receivers(session)
    return send_due(session.engine, session.placement, known, session.config.notify)


def send_trial(session: Session) -> list[Sent]:
    """Send a test message to every receiver; nothing is stored, and nothing is tried again.

    Args:
        session: the configuration.

    Returns:
        What became of it, by receiver.

    Raises:
        ConfigError: nobody is to be told, or a URL is none that is known.
    """
    known, seconds = configured_receivers(session), session.config.notify.seconds
    body = trial_body(session.placement, utc_now(), f"test-{uuid4().hex[:27]}")
    # Whoever has not answered in the end did not within the limit.
    ends = [Sent(one.name, error=TOO_SLOW) for one in known]
    pairs = zip(known, ends, strict=True)
    in_time([partial(_try, one, body, seconds, end) for one, end in pairs], seconds)
    return ends


def _try(receiver: Receiver, body: dict[str, object], seconds: float, end: Sent) -> None:
    try:
        receiver.sender.send(body, seconds)
    except Undelivered as failure:
        end.error = receiver.masked(str(failure))
    # The edge of a thread: a library's fault is a reason like any other.
    except Exception as failure:
        end.error = receiver.masked(f"{type(failure).__name__}: {failure}")
    else:
        end.sent, end.error = 1, None
