"""The executor `processes`: tasks are done by processes of this machine, each started anew."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import inf
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from fusion.compute.task import Done, Message, Pending, Task, require_done
from fusion.core.parallel import BoundedPool, bounded_pool
from fusion.core.progress import Progress
from fusion.isolation.failure import Limits, WorkFailed
from fusion.isolation.process import IsolatedProcess

TRIES = 3
"""Processes that a task may lose: one that was killed from outside is no fault of the work."""


class ProcessExecutor:
    """Processes under supervisors; one that dies loses its task, which another one begins anew."""

    def __init__(self, n_processes: int, identity: Mapping[str, Any]) -> None:
        """Start nothing yet.

        Args:
            n_processes: to work side by side.
            identity: as of `worker.answer`.
        """
        self.n_processes = n_processes
        self._identity = identity
        # What tasks need together is bounded by what they declare; one alone may have it all.
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        self._processes = [IsolatedProcess(Limits(inf, machine)) for _ in range(n_processes)]
        self._free: SimpleQueue[IsolatedProcess] = SimpleQueue()
        for process in self._processes:
            self._free.put(process)
        self._threads = ThreadPoolExecutor(n_processes)

    @contextmanager
    def pool(self, threads: int, memory: float) -> Iterator[BoundedPool]:
        """Open a thread for each process, which waits for it.

        Args:
            threads: not used: the processes have them.
            memory: GiB that tasks under way may need together.

        Yields:
            The pool.
        """
        with bounded_pool(self.n_processes, memory, self.n_processes) as pool:
            yield pool

    def submit(self, task: Task) -> Pending:
        """Queue a task for the first process that is free.

        Args:
            task: to be done.
        """
        if task.message is None:
            # Not on a thread of ours: such work may ask for tasks itself, and wait for them.
            task.here()
            return Done()
        # On the thread that asks, which knows the training that it belongs to.
        message, progress = task.message(), task.watch()
        return self._threads.submit(self._do, task.folder, message, progress)

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for process in self._processes:
            process.interrupt()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.close()

    def _do(self, folder: Path, message: Message, progress: Progress) -> None:
        request = {
            "target": message.target,
            "folder": str(folder.absolute()),
            "arguments": dict(message.arguments),
            "identity": dict(self._identity),
        }
        process = self._free.get()
        try:
            require_done(_ask(process, request, progress), folder)
        finally:
            self._free.put(process)


def _ask(process: IsolatedProcess, request: Mapping[str, Any], progress: Progress) -> Any:
    """Return the answer of a process, or of the one that takes its place."""
    for attempt in range(1, TRIES + 1):
        try:
            return process.call("fusion.compute.worker:answer", request, progress)
        except WorkFailed as failure:
            if failure.cause != "ended" or attempt == TRIES:
                raise
    raise AssertionError("a call returns or raises")
