"""Tasks, and the protocol of those who do them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fusion.compute.attempts import take_attempt
from fusion.core.parallel import BoundedPool
from fusion.core.progress import Progress, quiet
from fusion.core.system_errors import disk_refused
from fusion.errors import ExecutorLost, SourceFailed, StoreLost, StoreRefused, WorkerRefused
from fusion.isolation.failure import WorkFailed


@dataclass(frozen=True)
class Message:
    """A task as another process is told of it.

    Attributes:
        target: `module:function`; takes a `Progress`, an empty folder to fill, and the arguments.
        arguments: plain values by name: names, numbers, and paths of files for whatever is large.
    """

    target: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A coarse piece of work, such as one fit or the lists of some users, which fills a folder.

    Attributes:
        name: for logs.
        folder: empty; what is made stands in it.
        here: fills it in this process, with what is in memory.
        message: hands over what the work needs as files, and says how another process fills it;
            None for work that only this one can do.
        watch: gives what hears of the work's progress, now and then of none; what that raises ends
            the wait.
    """

    name: str
    folder: Path
    here: Callable[[], None]
    message: Callable[[], Message] | None = None
    watch: Callable[[], Progress] = lambda: quiet


class Pending(Protocol):
    """A task that was submitted."""

    def result(self) -> None:
        """Wait until the folder of the task is filled.

        Raises:
            Exception: of the work, as it was raised here; `WorkFailed` for what it was elsewhere.
            WorkerRefused: the worker cannot take part.
            ExecutorLost: there is nobody left who could do it.
        """


@dataclass(frozen=True)
class Done:
    """A task that is done."""

    def result(self) -> None:
        """Return at once."""


class Executor(Protocol):
    """Somebody who does tasks."""

    def pool(self, threads: int, memory: float) -> AbstractContextManager[BoundedPool]:
        """Open the threads that ask for tasks side by side, and wait for them.

        Args:
            threads: cores of this process.
            memory: GiB that tasks under way may need together on this machine.
        """

    def submit(self, task: Task) -> Pending:
        """Begin a task, or queue it.

        Args:
            task: to be done.
        """


def gather(pending: Sequence[Pending]) -> None:
    """Wait for tasks in the order in which they were submitted, whoever ends first.

    Args:
        pending: of `Executor.submit`.

    Raises:
        Exception: of the first in that order that failed, see `Pending`.
    """
    for each in pending:
        each.result()


def require_done(answer: Mapping[str, Any], folder: Path) -> None:
    """Take what an answer of `worker` says: the folder is filled, or the failure is raised.

    Args:
        answer: of the worker.
        folder: of the task.

    Raises:
        WorkerRefused: the worker cannot take part.
        WorkFailed: the work raised an exception.
        SourceFailed: a source failed in it, which a run goes on without.
        OSError: a disk refused to be written.
    """
    if "refused" in answer:
        raise WorkerRefused(answer["refused"])
    if "disk" in answer:
        raise OSError(*answer["disk"])
    if "failure" in answer:
        source = answer.get("source")
        happened = answer["failure"]
        failure = SourceFailed(source, happened) if source else WorkFailed("raised", happened)
        failure.add_note(answer["trace"])
        raise failure
    take_attempt(folder, answer["attempt"])


def ends_run(failure: Exception) -> bool:
    """Return whether a failure is no fault of the work, so that nothing could go on without it.

    Args:
        failure: of a task.
    """
    elsewhere = (WorkerRefused, ExecutorLost, StoreLost, StoreRefused)
    return disk_refused(failure) or isinstance(failure, elsewhere)
