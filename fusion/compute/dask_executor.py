"""The executor `dask`: tasks are done by workers of Dask, which are told of them by a text."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from fusion.compute.dask_cluster import Cluster
from fusion.compute.task import Done, Pending, Task, require_done
from fusion.compute.worker import answer_text
from fusion.core.parallel import BoundedPool, bounded_pool
from fusion.errors import ExecutorLost
from fusion.isolation.conversation import NOTHING_YET
from fusion.isolation.failure import WorkFailed

BEAT = 0.5
"""Seconds between two looks at whether the wait is to end."""
LOOK_EVERY = 10.0
"""Seconds between two looks at whether there is any worker."""
PATIENCE = 60.0
"""Seconds without any worker, after which none is expected to come back."""
AHEAD = 1
"""Tasks that wait at the scheduler, so that no worker waits for the coordinator."""


class Courier(Protocol):
    """The way to workers that do not see the folders of tasks, and back."""

    def send(self, question: Mapping[str, Any]) -> str:
        """Take along what a question names, and return what `answer` takes."""

    @staticmethod
    def answer(question: str) -> str:
        """Do a task on the worker, and return the answer as JSON."""

    def receive(self, answer: Mapping[str, Any], folder: Path) -> None:
        """Bring what a worker made into the folder of the task."""


@dataclass(frozen=True)
class Submitted:
    """A task that a scheduler has.

    Attributes:
        task: that was submitted.
        cluster: to which.
        future: of `distributed`.
        courier: by which the task was sent, if workers do not see its folder.
    """

    task: Task
    cluster: Cluster
    future: Any
    courier: Courier | None = None

    def result(self) -> None:
        """Wait for the end of the task, wherever it is done, and begun anew where a worker died.

        Raises:
            WorkFailed: the work raised an exception, or too many workers died of it.
            WorkerRefused: a worker cannot take part.
            ExecutorLost: scheduler or workers have gone.
            StoreLost: what workers far away read, or made, did not come through.
        """
        try:
            text = self._wait()
        except BaseException:
            self.future.cancel()
            raise
        answer = json.loads(text)
        if self.courier is not None:
            self.courier.receive(answer, self.task.folder)
        require_done(answer, self.task.folder)

    def _wait(self) -> str:
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415

        self._until_done()
        try:
            return str(self.future.result())
        except KilledWorker as killed:
            why = f"{killed.allowed_failures + 1} workers died of it, one after the other"
            raise WorkFailed("ended", why) from None
        except (CancelledError, OSError) as gone:
            raise self._lost("has gone") from gone

    def _until_done(self) -> None:
        """Wait until there is an answer, of whatever kind."""
        done, progress = Event(), self.task.watch()
        # Not by `result(timeout=...)`: what runs into its time there takes along others that wait.
        self.future.add_done_callback(lambda _: done.set())
        last_seen = looked = time.monotonic()
        while not done.wait(BEAT):
            progress(*NOTHING_YET)
            now = time.monotonic()
            if now - looked > LOOK_EVERY:
                looked = now
                if self._has_workers():
                    last_seen = now
                elif now - last_seen > PATIENCE:
                    raise self._lost("has no worker left")

    def _has_workers(self) -> bool:
        try:
            return bool(self.cluster.client.scheduler_info()["workers"])
        except (OSError, TimeoutError) as gone:
            raise self._lost("has gone") from gone

    def _lost(self, why: str) -> ExecutorLost:
        return ExecutorLost(
            f"the scheduler {self.cluster.address} {why}; what is made so far is kept: start it "
            "and its workers, and run the same command again"
        )


@dataclass(frozen=True)
class DaskExecutor:
    """Workers of Dask, one task at a time on each.

    Attributes:
        cluster: of workers that were checked.
        identity: as of `worker.answer`: workers may come later, and are checked by each task.
        courier: the way to workers that do not see the folders of tasks; None where all do.
    """

    cluster: Cluster
    identity: Mapping[str, Any]
    courier: Courier | None = None

    @contextmanager
    def pool(self, threads: int, memory: float) -> Iterator[BoundedPool]:
        """Open a thread for each worker, which waits for it.

        Args:
            threads: not used: the workers have them.
            memory: not used: the cluster knows what its machines have.

        Yields:
            The pool.
        """
        width = self.cluster.n_workers + AHEAD
        with bounded_pool(width, self.cluster.memory, width) as pool:
            yield pool

    def submit(self, task: Task) -> Pending:
        """Hand a task to the scheduler.

        Args:
            task: to be done.
        """
        if task.message is None:
            task.here()
            return Done()
        message = task.message()
        question = {
            "target": message.target,
            "folder": str(task.folder.absolute()),
            "arguments": dict(message.arguments),
            "identity": dict(self.identity),
        }
        courier, submit = self.courier, self.cluster.client.submit
        if courier is None:
            future = submit(answer_text, json.dumps(question), pure=False)
        else:
            future = submit(courier.answer, courier.send(question), pure=False)
        return Submitted(task, self.cluster, future, courier)
