"""Start a worker under its supervisor, and learn how both ended."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from fusion.isolation.channel import CHUNK_BYTES, Channel

SUPERVISOR = Path(__file__).with_name("supervisor.py")
KEPT_BYTES = 2**16
"""Bytes of what a worker printed that are kept: the newest."""
GRACE = 1.0
"""Seconds in which a worker whose channel has closed is expected to be gone by itself."""
PATIENCE = 15.0
"""Seconds until a supervisor that was asked to end all is itself ended: more than its own."""


@dataclass(frozen=True)
class Ending:
    """The end of a worker.

    Attributes:
        cause: "ended" by itself, "memory" when it held too much, "closed" when it was asked to, or
            "lost" when its supervisor ended first.
        code: its exit code, or minus the number of the signal that ended it; None where it was
            ended from outside.
        peak_bytes: largest memory of the worker and all that it started, as the supervisor saw it.
    """

    cause: str
    code: int | None = None
    peak_bytes: int = 0


@dataclass
class Launched:
    """A worker that was started, and the ends of what it is connected by.

    Attributes:
        channel: to talk with the worker.
        output: to read what it prints.
        report: to read how it ended.
    """

    channel: Channel
    output: int
    report: int
    _supervisor: subprocess.Popen[bytes]
    _lifeline: int
    _printed: bytes = b""
    _reported: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def start(cls, most_bytes: int) -> Self:
        """Start a worker.

        Args:
            most_bytes: resident memory that it and all that it starts may hold together.
        """
        requests_far, requests = os.pipe()
        answers, answers_far = os.pipe()
        lifeline_far, lifeline = os.pipe()
        report, report_far = os.pipe()
        output, output_far = os.pipe()
        inherited = (lifeline_far, report_far, requests_far, answers_far)
        # Without the working directory on its path, where modules may have the names of others.
        worker = [sys.executable, "-P", "-m", "fusion.isolation.worker"]
        worker += [str(requests_far), str(answers_far)]
        numbers = [str(number) for number in (most_bytes, *inherited)]
        try:
            supervisor = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR), *numbers, *worker],
                stdin=subprocess.DEVNULL,
                stdout=output_far,
                stderr=output_far,
                pass_fds=inherited,
                env={**os.environ, "PYTHONPATH": _import_path()},
                # Ctrl+C of a terminal is for the caller, who ends the work or does not.
                start_new_session=True,
            )
        finally:
            for number in (*inherited, output_far):
                os.close(number)
        os.set_blocking(output, False)
        os.set_blocking(report, False)
        return cls(Channel(answers, requests), output, report, supervisor, lifeline)

    def drain(self) -> None:
        """Read what the worker has printed, so that it never waits for that."""
        with suppress(BlockingIOError):
            while chunk := os.read(self.output, CHUNK_BYTES):
                self._printed = (self._printed + chunk)[-KEPT_BYTES:]

    def take_printed(self) -> str:
        """Return the end of what it printed since this was last asked."""
        printed, self._printed = self._printed, b""
        return printed.decode(errors="replace").strip()

    def cut(self) -> None:
        """Ask the supervisor to end all, from any thread; `end` is still to be called."""
        with suppress(ProcessLookupError):
            self._supervisor.terminate()

    def read_report(self) -> bool:
        """Read what the supervisor has reported by now, and return whether it may say more."""
        with suppress(BlockingIOError):
            while lines := os.read(self.report, CHUNK_BYTES).splitlines():
                for line in lines:
                    self._reported |= json.loads(line)
            return False
        return True

    def end(self, at_once: bool = True) -> Ending:
        """End the worker and all that it started, unless it has ended already.

        Args:
            at_once: do not wait a moment for its own end, of which its channel may have told first.
        """
        if not at_once:
            self._wait(GRACE)
        os.close(self._lifeline)
        if not self._wait(PATIENCE):
            self._supervisor.kill()
            self._supervisor.wait()
        self.drain()
        self.read_report()
        if "cause" not in self._reported and "process" in self._reported:
            _kill_group(self._reported["process"])
        self.channel.close()
        os.close(self.output)
        os.close(self.report)
        return Ending(
            cause=self._reported.get("cause", "lost"),
            code=self._reported.get("code"),
            peak_bytes=self._reported.get("peak", 0),
        )

    def _wait(self, seconds: float) -> bool:
        """Wait for the end of the supervisor; tell whether it came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # It may wait for a pipe to take what the worker's children print.
            self.drain()
            with suppress(subprocess.TimeoutExpired):
                self._supervisor.wait(0.05)
                return True
        return False


def _import_path() -> str:
    """The places where this process looks for modules, so that the worker has the same."""
    return os.pathsep.join(os.path.abspath(place) for place in sys.path)


def _kill_group(process: int) -> None:
    """Kill a worker that outlived its supervisor, with its group."""
    try:
        # Only where the number is still that of a leader of a session, as each worker is.
        if os.getsid(process) == process:
            os.killpg(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
