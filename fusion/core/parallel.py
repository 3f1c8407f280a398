"""Parallel work: a pool bounded by memory, claims on work, blocks of users and their parts."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from math import ceil
from threading import Condition, Event
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Rows
from fusion.core.progress import Progress

T = TypeVar("T")
MAX_WORKERS = 4
"""Pieces of work at once, at most.

With more, fits wait for memory bandwidth and lose what they gain from a core of their own.
"""
BLOCKS_PER_BUDGET = 16
"""One block of users may take a sixteenth of the memory that fits may need together."""
BLOCKS_PER_THREAD = 4
"""With many threads, a block may take a fourth of a thread's part, since each gathers one."""
N_PARTS = 16
"""Parts where there are users enough: several for each of a few workers, so that a slow one is
waited for by the others only shortly."""
LEAST_USERS = 500
"""Each task is handed over, opens data and fits, and is joined: not worth it for a few users."""
MOST_USERS = 10_000
"""What is lost with a worker that dies, and what a part's files hold, stays bounded."""


class Stopped(BaseException):
    """Work was asked to stop, since other work failed or a person ended the run.

    Not an `Exception`: it is no failure of the work itself, and nobody who handles those should
    mistake it for one.
    """


class BoundedPool:
    """A pool of threads, one core each, whose work stays below a memory limit.

    BLAS computes with one thread while the pool is at work: its limit is one for the whole
    process, and results must not depend on which pieces of work happen to run together.
    """

    def __init__(self, threads: int, memory: float, most: int = MAX_WORKERS) -> None:
        """Start without work.

        Args:
            threads: cores to use, at most `most`.
            memory: GiB that the work under way may need together.
            most: pieces of work at once; more than `MAX_WORKERS` where other processes do them.
        """
        self.memory = memory
        self._pool = ThreadPoolExecutor(max(1, min(threads, most)))
        self._memory_freed = Condition()
        self._memory_in_use = 0.0
        self._stop = Event()

    def submit(self, gib: float, work: Callable[[], T]) -> Future[T]:
        """Queue a piece of work, to run when there is memory for it.

        Args:
            gib: memory that the work needs; more than the limit runs too, but alone.
            work: called on a thread of the pool, in the context of the caller.

        Returns:
            The future of its result.
        """
        context = copy_context()  # an orchestrator knows by it which flow a task belongs to
        return self._pool.submit(context.run, self._run, gib, work)

    def _run(self, gib: float, work: Callable[[], T]) -> T:
        def may_begin() -> bool:
            # Alone, work over the limit may begin too: it would wait for ever otherwise.
            alone = not self._memory_in_use
            return self._stop.is_set() or alone or self._memory_in_use + gib <= self.memory

        with self._memory_freed:
            self._memory_freed.wait_for(may_begin)
            self._memory_in_use += gib
        try:
            if self._stop.is_set():
                raise Stopped
            return work()
        finally:
            with self._memory_freed:
                self._memory_in_use -= gib
                self._memory_freed.notify_all()

    def stoppable(self, progress: Progress) -> Progress:
        """Let long work end when the pool is stopped.

        Args:
            progress: where the work reports its progress.

        Returns:
            A progress that reports there too, and raises `Stopped` once the pool is stopped.
        """

        def report_unless_stopped(done: int, total: int) -> None:
            if self._stop.is_set():
                raise Stopped
            progress(done, total)

        return report_unless_stopped

    def close(self, stop: bool) -> None:
        """Wait for work under way and end the threads.

        Args:
            stop: drop work that has not begun, and end work that reports its progress.
        """
        if stop:
            self._stop.set()
            with self._memory_freed:
                self._memory_freed.notify_all()
        self._pool.shutdown(wait=True, cancel_futures=stop)


@contextmanager
def bounded_pool(threads: int, memory: float, most: int = MAX_WORKERS) -> Iterator[BoundedPool]:
    """Open a pool that is closed at the end of the block, and stopped when the block fails.

    Args:
        threads: cores to use, at most `most`.
        memory: GiB that the work under way may need together.
        most: pieces of work at once.

    Yields:
        The pool.
    """
    with threadpool_limits(1, "blas"):
        pool = BoundedPool(threads, memory, most)
        try:
            yield pool
        except BaseException:  # an interrupt by a person stops the work as well
            pool.close(stop=True)
            raise
        pool.close(stop=False)


class WorkClaims:
    """Claims of threads on things to make, by key, so that none is made twice at once."""

    def __init__(self) -> None:
        self._released = Condition()
        self._claimed = set[bytes]()

    @contextmanager
    def claim(self, missing: Callable[[], Sequence[bytes]], most: int) -> Iterator[Sequence[bytes]]:
        """Claim things that are missing and that no other thread makes, until the block ends.

        Where other threads make all that is missing, wait until one of them is done, or died, and
        ask again.

        Args:
            missing: lists the keys of what is not made yet. It is asked while no claim can be
                released: otherwise a thing could be made and released between its answer and the
                claim, and would be made twice.
            most: keys to claim at once, at most.

        Yields:
            The claimed keys; none once nothing is missing.
        """
        with self._released:
            # Still under the lock, so that no other thread claims the same keys in between.
            claimed = self._wait_for_free(missing, most)
            self._claimed.update(claimed)
        try:
            yield claimed
        finally:
            with self._released:
                self._claimed.difference_update(claimed)
                self._released.notify_all()

    def _wait_for_free(self, missing: Callable[[], Sequence[bytes]], most: int) -> Sequence[bytes]:
        while wanted := missing():
            free = [key for key in wanted if key not in self._claimed]
            if free:
                return free[:most]
            self._released.wait()
        return []


@dataclass(frozen=True)
class BlockBudget:
    """Resources of work that goes through users block by block.

    Attributes:
        block_bytes: memory of one block.
        threads: cores to use.
    """

    block_bytes: int
    threads: int


def cut_parts(blocks: Sequence[Rows]) -> list[Rows]:
    """Join blocks of users to parts, each of which is a task.

    Blocks stay whole and in their order, so that a part computes just what is computed where
    nobody else works.

    Args:
        blocks: users of each block, in the order in which they are worked on.

    Returns:
        Users of each part; how many parts there are does not depend on who works.
    """
    n_users = sum(map(len, blocks))
    enough = min(max(ceil(n_users / N_PARTS), LEAST_USERS), MOST_USERS)
    parts: list[list[Rows]] = []
    n_of_part = enough
    for block in blocks:
        if n_of_part >= enough:
            parts.append([])
            n_of_part = 0
        parts[-1].append(block)
        n_of_part += len(block)
    return [np.concatenate(part) for part in parts]
