"""Calls of functions in a process of its own, which is started when needed and again when gone."""

from collections.abc import Mapping
from threading import Lock
from types import TracebackType
from typing import Any, Self

from fusion.core.progress import Progress, quiet
from fusion.isolation.channel import Message
from fusion.isolation.conversation import NOTHING_YET, WorkerGone, ask
from fusion.isolation.failure import Limits, WorkFailed, failure_of
from fusion.isolation.launch import Ending, Launched

NOTED_CHARACTERS = 4_000
"""Characters of what failed work printed that its failure carries along."""


class IsolatedProcess:
    """A process in which functions are called one after the other.

    Plain values go in and come out, and paths of files for whatever is large. It starts with the
    first call, keeps what the functions keep between calls, and starts anew after a call that it
    did not survive. Any thread may call; one waits for the other.
    """

    def __init__(self, limits: Limits) -> None:
        """Start nothing yet.

        Args:
            limits: of every call.
        """
        self.limits = limits
        self.n_started = 0
        """Processes that were started so far."""
        self._lock = Lock()
        self._worker: Launched | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def call(
        self,
        target: str,
        arguments: Mapping[str, Any] | None = None,
        progress: Progress = quiet,
        seconds: float | None = None,
    ) -> Any:
        """Call a function there and wait for its value.

        Args:
            target: `module:function`; it takes a `Progress` and the arguments.
            arguments: plain values by name.
            progress: hears of the work's progress, and of the same again twice a second; what it
                raises ends the process.
            seconds: a limit of this call, where it is below that of all.

        Returns:
            The value, as JSON leaves it: tuples are lists.

        Raises:
            WorkFailed: there is none; whatever happened, in a phrase.
        """
        request = {"target": target, "arguments": {**(arguments or {})}}
        seconds = min(self.limits.seconds, seconds or self.limits.seconds)
        with self._lock:
            # Whoever was stopped while it waited for others starts nothing.
            progress(*NOTHING_YET)
            if self._worker is None:
                self._worker = Launched.start(self.limits.memory_bytes)
                self.n_started += 1
            worker = self._worker
            worker.take_printed()
            try:
                return self._ask(worker, request, seconds, progress)
            except WorkFailed as failure:
                failure.add_note(worker.take_printed()[-NOTED_CHARACTERS:])
                raise

    def close(self) -> None:
        """End the process with all that it started; a later call starts another."""
        with self._lock:
            if self._worker:
                self._end(self._worker)

    def interrupt(self) -> None:
        """End the process although a call may be under way, which then fails."""
        worker = self._worker
        if worker:
            worker.cut()

    def _ask(self, worker: Launched, request: Message, seconds: float, progress: Progress) -> Any:
        """Return the value of a request, and end the worker unless it lives to answer others."""
        try:
            answer = ask(worker, request, seconds, progress)
        except WorkerGone:
            raise failure_of(self._end(worker, at_once=False), self.limits) from None
        except BaseException:
            self._end(worker)
            raise
        if "failure" in answer:
            worker.drain()
            raise WorkFailed("raised", str(answer["failure"]))
        return answer.get("value")

    def _end(self, worker: Launched, at_once: bool = True) -> Ending:
        self._worker = None
        return worker.end(at_once)
