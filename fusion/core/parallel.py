"""Workers: independent pieces of work side by side on threads, as many at once as memory allows."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from threading import Condition, Event
from typing import TypeVar

from threadpoolctl import threadpool_limits

from fusion.core.progress import Progress

T = TypeVar("T")
MOST = 4
"""Pieces at once, at most: what a fit gains from its own core it loses where memory is the narrow place."""


class Stopped(BaseException):
    """A piece of work was told to stop, since another one or a person ended the run; no failure of its own."""


class BoundedPool:
    """Runs pieces of work on `threads` cores, one core each, while what they need together stays below `memory`.

    BLAS computes with one thread while workers are at work: its limit is one for the whole process,
    and results must not depend on which pieces happen to run together.
    """

    def __init__(self, threads: int, memory: float) -> None:
        self.memory = memory
        self._pool = ThreadPoolExecutor(max(1, min(threads, MOST)))
        self._room, self._taken, self._stop = Condition(), 0.0, Event()

    def submit(self, gib: float, work: Callable[[], T]) -> Future[T]:
        """Let a piece of work that needs `gib` of memory run when there is room; one alone always has room."""
        context = copy_context()  # an orchestrator knows by it which flow a task belongs to
        return self._pool.submit(context.run, self._run, gib, work)

    def _run(self, gib: float, work: Callable[[], T]) -> T:
        with self._room:
            self._room.wait_for(
                lambda: self._stop.is_set() or not self._taken or self._taken + gib <= self.memory
            )
            self._taken += gib
        try:
            if self._stop.is_set():
                raise Stopped
            return work()
        finally:
            with self._room:
                self._taken -= gib
                self._room.notify_all()

    def stoppable(self, progress: Progress) -> Progress:
        """The same watcher, which also ends work that reports to it once the workers are told to stop."""

        def watched(done: int, total: int) -> None:
            if self._stop.is_set():
                raise Stopped
            progress(done, total)

        return watched

    def close(self, stop: bool) -> None:
        """Wait for what is under way; with `stop`, drop what has not begun and end what reports its progress."""
        if stop:
            self._stop.set()
            with self._room:
                self._room.notify_all()
        self._pool.shutdown(wait=True, cancel_futures=stop)


@contextmanager
def bounded_pool(threads: int, memory: float) -> Iterator[BoundedPool]:
    """Workers that are closed at the end, and stopped when anything goes wrong in the block."""
    with threadpool_limits(1, "blas"):
        made = BoundedPool(threads, memory)
        try:
            yield made
        except BaseException:
            made.close(stop=True)
            raise
        made.close(stop=False)


class WorkClaims:
    """Which things, by key, threads of this process make right now."""

    def __init__(self) -> None:
        self._changed, self._taken = Condition(), set[bytes]()

    @contextmanager
    def some_of(
        self, missing: Callable[[], Sequence[bytes]], most: int
    ) -> Iterator[Sequence[bytes]]:
        """Up to `most` of what is missing and nobody makes, held until the block ends; nothing once nothing is missing.

        Where others make all that is missing, wait until one of them is done, or died, and ask
        again. `missing` is asked while no claim is let go: what was made before that is found, or
        it is made twice.
        """
        with self._changed:
            while (wanted := missing()) and not (
                mine := [key for key in wanted if key not in self._taken][:most]
            ):
                self._changed.wait()
            mine = mine if wanted else []
            self._taken.update(mine)
        try:
            yield mine
        finally:
            with self._changed:
                self._taken.difference_update(mine)
                self._changed.notify_all()


BLOCKS_PER_BUDGET, BLOCKS_PER_THREAD = 16, 4
"""One block of users may take a sixteenth of the memory that fits may need together, with many threads a fourth of a
thread's part: each gathers one.
"""


@dataclass(frozen=True)
class BlockBudget:
    """What work on users, block by block, may take: `block_bytes` of memory for each block, and `threads`."""

    block_bytes: int
    threads: int
