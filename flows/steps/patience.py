"""Work on the database that is done again while the database is away for a moment."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from flows.session import Session
from fusion.errors import Unavailable

T = TypeVar("T")
log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before the second try, and at most between two: each wait is twice the one before."""


def patiently(session: Session, what: str, work: Callable[[bool], T]) -> T:
    """Do work, and do it again while the database is away, for as long as [storage] patience says.

    Args:
        session: the configuration.
        what: the work, for the log.
        work: takes whether it is done again: an earlier try may have done a part, or all of it and
            lost the answer.

    Returns:
        What the work returns.

    Raises:
        Unavailable: the database stays away.
    """
    end = time.monotonic() + 60 * session.config.storage.patience
    wait, again = FIRST_WAIT, False
    while True:
        try:
            return work(again)
        except Unavailable as away:
            if time.monotonic() + wait > end:
                raise
            log.warning("%s goes on in %.0f s: %s", what, wait, away)
        time.sleep(wait)
        wait, again = min(2 * wait, LONGEST_WAIT), True
