"""Mail, chats and all else that Apprise knows; what it logs is kept, and shown nowhere as it is."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from flows.steps.notify.webhook import Undelivered

LOGGER = "apprise"
"""Logger of Apprise, whose records may hold whole URLs."""


class _Notes(logging.Handler):
    """Keeps the warnings of one thread."""

    def __init__(self, thread: int) -> None:
        super().__init__(logging.WARNING)
        self.thread = thread
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record of the thread.

        Args:
            record: of Apprise.
        """
        if record.thread == self.thread:
            self.texts.append(record.getMessage())


class AppriseReceiver:
    """A receiver that Apprise speaks to."""

    def __init__(self, service: Any) -> None:
        """Keep the service.

        Args:
            service: as Apprise made it of a URL.
        """
        self.service = service

    def send(self, body: dict[str, Any], seconds: float) -> None:
        """Send a message as plain text, which Apprise escapes as the service needs it.

        Args:
            body: of the message; title and text are sent.
            seconds: for which Apprise waits for a connection, and then for an answer.

        Raises:
            Undelivered: the service did not take it.
        """
        import apprise  # noqa: PLC0415

        self.service.socket_connect_timeout = self.service.socket_read_timeout = seconds
        with _noting() as notes:
            taken = self.service.notify(
                title=body["title"],
                body=body["text"],
                body_format=apprise.NotifyFormat.TEXT,
                notify_type=_type_of(body["event"]),
            )
        if not taken:
            raise Undelivered("; ".join(notes) or "it gave no reason")


def open_apprise(url: str) -> AppriseReceiver:
    """Make a receiver of a URL of Apprise.

    Args:
        url: with its secrets.

    Returns:
        The receiver.

    Raises:
        Undelivered: Apprise knows no such URL; the text may hold parts of it.
    """
    import apprise  # noqa: PLC0415

    with _noting() as notes:
        service = apprise.Apprise.instantiate(url)
    if service is None:
        raise Undelivered("; ".join(notes))
    return AppriseReceiver(service)


@contextmanager
def _noting() -> Iterator[list[str]]:
    """Collect what Apprise warns of in this thread, and let it get to no log."""
    notes = _Notes(get_ident())
    logger = logging.getLogger(LOGGER)
    logger.propagate = False
    logger.addHandler(notes)
    try:
        yield notes.texts
    finally:
        logger.removeHandler(notes)


def _type_of(event: str) -> str:
    """Return Apprise's kind of a message, which decides colours and icons."""
    kinds = {"resolved": "success", "published": "success", "test": "info"}
    return kinds.get(event, "failure" if event in ("failed", "refused") else "warning")
