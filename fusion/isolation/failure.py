"""Failures of work in a process of its own: what happened, in a word and in a phrase."""

import signal
from dataclasses import dataclass
from typing import Literal

from fusion.errors import FusionError
from fusion.isolation.launch import Ending

GIB = 2**30
Cause = Literal["raised", "seconds", "memory", "ended", "answer"]
MEANINGS = {
    "SIGSEGV": "a crash: it used memory that is not its own",
    "SIGABRT": "a crash: a library gave up",
    "SIGKILL": "from outside, perhaps by the system since memory ran out",
}
"""What signals usually mean, by name."""


class WorkFailed(FusionError):
    """Work in a process of its own came to no good end.

    What it printed last is a note of the exception, which tracebacks show.

    Attributes:
        cause: it "raised" an exception or called `sys.exit`; took more than its "seconds"; held
            more than its "memory"; "ended" its process, by a crash perhaps; or gave an "answer"
            that is none.
    """

    def __init__(self, cause: Cause, message: str) -> None:
        """Keep what happened.

        Args:
            cause: in a word, see above.
            message: as a phrase.
        """
        super().__init__(cause, message)  # both, so that it can be pickled
        self.cause = cause

    def __str__(self) -> str:
        return str(self.args[1])


@dataclass(frozen=True)
class Limits:
    """Limits of work in a process of its own.

    Attributes:
        seconds: time of one call.
        memory: GiB resident in the process and all that it starts, at any time.
    """

    seconds: float
    memory: float

    @property
    def memory_bytes(self) -> int:
        """The memory in bytes."""
        return int(self.memory * GIB)


def what_happened(failure: BaseException) -> str:
    """Return the type and message of a failure; of work in another process what happened there.

    Args:
        failure: any exception.
    """
    if isinstance(failure, WorkFailed):
        return str(failure)
    return f"{type(failure).__name__}: {failure}"


def failure_of(ending: Ending, limits: Limits) -> WorkFailed:
    """Return the failure of a process that ended while it owed an answer.

    Args:
        ending: of the process.
        limits: that it had.
    """
    if ending.cause == "memory":
        held = f"{ending.peak_bytes / GIB:.2f} GiB"
        return WorkFailed("memory", f"it held {held} of memory, more than {limits.memory:g} GiB")
    if ending.code is None:
        return WorkFailed("ended", "its process stopped answering")
    if ending.code >= 0:
        return WorkFailed("ended", f"it ended its own process with exit code {ending.code}")
    return WorkFailed("ended", f"its process was ended by {_signal_name(-ending.code)}")


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return f"{name} ({MEANINGS[name]})" if name in MEANINGS else name
