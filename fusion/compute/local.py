"""The executor `local`: whoever asks for a task does it, on a thread of today's pool."""

from collections.abc import Iterator
from contextlib import contextmanager

from fusion.compute.task import Done, Task
from fusion.core.parallel import BoundedPool, bounded_pool


class LocalExecutor:
    """Threads of this process: nothing is handed over, and memory is shared."""

    @contextmanager
    def pool(self, threads: int, memory: float) -> Iterator[BoundedPool]:
        """Open the threads that do the work.

        Args:
            threads: cores to use.
            memory: GiB that the work under way may need together.

        Yields:
            The pool.
        """
        with bounded_pool(threads, memory) as pool:
            yield pool

    def submit(self, task: Task) -> Done:
        """Do a task on the thread that asks, which has waited for its memory already.

        Args:
            task: to be done.

        Raises:
            Exception: of the work.
        """
        task.here()
        return Done()


LOCAL = LocalExecutor()
"""The executor where none is configured."""
