"""One question to a worker, and the wait for its answer."""

import time
from selectors import EVENT_READ, DefaultSelector
from typing import Any

from fusion.core.progress import Progress
from fusion.isolation.channel import Message
from fusion.isolation.failure import WorkFailed
from fusion.isolation.launch import Launched

BEAT = 0.5
"""Seconds after which a waiting caller hears of the last progress again, so that it may stop."""
NOTHING_YET = (0, 1)
"""Progress (done, total) of work that has reported none."""


class WorkerGone(Exception):
    """The worker ended, or closed its channel, before it answered."""


def ask(worker: Launched, request: Message, seconds: float, progress: Progress) -> Message:
    """Send a request and wait for the answer, while time, output and progress are looked after.

    Args:
        worker: that is asked.
        request: target and arguments.
        seconds: to wait at most.
        progress: hears of the work's progress; what it raises ends the wait.

    Returns:
        The answer, with a value or a failure.

    Raises:
        WorkerGone: there will be none.
        WorkFailed: it took too long, or what came is no answer.
    """
    deadline = time.monotonic() + seconds
    watched = _Watched(progress)
    try:
        worker.channel.send(request)
    except OSError as closed:
        raise WorkerGone from closed
    with DefaultSelector() as selector:
        for source in (worker.channel, worker.output, worker.report):
            selector.register(source, EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            ready = [key.fileobj for key, _ in selector.select(min(left, BEAT))]
            if worker.output in ready:
                worker.drain()
            if worker.report in ready and not worker.read_report():
                raise WorkerGone
            if worker.channel in ready:
                answer = _receive(worker, watched)
                if answer is not None:
                    return answer
            watched.repeat()
    raise WorkFailed("seconds", f"it took longer than {seconds:,g} seconds")


def _receive(worker: Launched, watched: "_Watched") -> Message | None:
    """Read messages; None where the answer is not among them yet."""
    try:
        messages = worker.channel.receive()
    except ValueError as garbled:
        raise WorkFailed("answer", f"it sent what is no answer: {garbled}") from None
    if messages is None:
        raise WorkerGone
    for message in messages:
        if "progress" not in message:
            return message
        watched.take(message["progress"])
    return None


class _Watched:
    """The progress of work, as it was last reported."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = NOTHING_YET

    def take(self, reported: Any) -> None:
        """Hand on new progress."""
        try:
            done, total = map(int, reported)
        except (TypeError, ValueError, OverflowError):
            raise WorkFailed("answer", f"it sent what is no progress: {reported!r}") from None
        self._last = done, total
        self.repeat()

    def repeat(self) -> None:
        """Hand on the last progress again."""
        self._progress(*self._last)
