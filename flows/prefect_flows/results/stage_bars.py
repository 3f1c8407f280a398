"""Progress of long stages, as artifacts that Prefect's pages draw as bars."""

import logging
import time
from collections.abc import Callable
from contextvars import copy_context
from threading import Lock, Thread
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from fusion.core.progress import Progress

log = logging.getLogger(__name__)
EVERY = 10.0
"""Seconds that a stage runs before it has a bar, and between two updates of it: most stages are
over by then, and a bar that moves oftener tells a person no more."""


class StageBars:
    """The bars of one flow run; stages may run side by side."""

    def __init__(self) -> None:
        self._bars: dict[str, _Bar] = {}
        self._lock = Lock()

    def progress(self, name: str) -> Progress:
        """Return a callback of (done, total) that moves the bar of a stage.

        Args:
            name: of the stage, whose task calls this.
        """
        bar = _Bar(name)
        with self._lock:
            self._bars[name] = bar
        return bar

    def end(self, name: str) -> None:
        """Fill the bar of a stage that has ended, if it has one.

        Args:
            name: of the stage.
        """
        with self._lock:
            bar = self._bars.pop(name, None)
        if bar is not None:
            bar.fill()


class _Bar:
    """A bar that shows what it was told last; whoever tells never waits for the server."""

    def __init__(self, name: str) -> None:
        self._name = name
        # Prefect knows by context variables which task is under way; threads of a stage have none.
        self._context = copy_context()
        self._next = time.monotonic() + EVERY
        self._lock = Lock()
        self._sending: Thread | None = None
        self._artifact: UUID | None = None

    def __call__(self, done: int, total: int) -> None:
        with self._lock:
            if total < 1 or time.monotonic() < self._next or self._is_sending():
                return
            self._next = time.monotonic() + EVERY
            self._send(lambda: self._show(100 * done / total))

    def fill(self) -> None:
        """Show that the stage has ended, where a bar is shown."""
        with self._lock:
            if self._sending is None:
                return
            before = self._sending
            self._send(lambda: self._show_full(before))

    def _is_sending(self) -> bool:
        return self._sending is not None and self._sending.is_alive()

    def _send(self, show: Callable[[], None]) -> None:
        # A context may be entered by one thread at a time.
        context = self._context.copy()
        self._sending = Thread(target=context.run, args=(show,), daemon=True)
        self._sending.start()

    def _show_full(self, before: Thread) -> None:
        before.join()
        if self._artifact is not None:
            self._show(100.0)

    def _show(self, percent: float) -> None:
        try:
            if self._artifact is None:
                made = create_progress_artifact(percent, description=self._name)
                # Prefect returns a coroutine where an event loop runs; in a thread none does.
                assert isinstance(made, UUID)
                self._artifact = made
            else:
                update_progress_artifact(self._artifact, percent)
        except Exception as failure:  # of HTTP, of the server, of Prefect's own checks
            log.warning("progress of %s not shown in Prefect: %s", self._name, failure)
