"""Work on many users as tasks: each fills a folder with what is made of some of them."""

import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from fusion.compute.task import Message, Task
from fusion.core.arrays import Rows
from fusion.core.parallel import BlockBudget, BoundedPool
from fusion.core.progress import Progress
from fusion.errors import ExecutorLost
from fusion.isolation.failure import WorkFailed
from fusion.runs.stages.runtime import Runtime
from fusion.training.elsewhere.opened_data import BYTES_PER_EVENT


@dataclass(frozen=True)
class UsersTask:
    """Work on users that another process can do a part of.

    Attributes:
        target: `module:function` which makes a part, as a `Message` names it.
        shared: arguments of every part.
        of_part: arguments of a part, of its users.
        gib: memory that a part needs.
    """

    target: str
    shared: Mapping[str, Any]
    of_part: Callable[[Rows], Mapping[str, Any]]
    gib: float

    def message(self, users: Rows) -> Message:
        """Return how another process is told of a part.

        Args:
            users: its rows.
        """
        return Message(self.target, {**self.shared, **self.of_part(users)})


def part_gib(state_bytes: int, n_events: int, budget: BlockBudget) -> float:
    """Return the memory that a part needs: of fits, of what is known, and of blocks under way.

    Args:
        state_bytes: of the fits.
        n_events: known interactions; the files of them are mapped, and count for nobody.
        budget: of the training; a part works on one block and gathers the next one.
    """
    return (state_bytes + BYTES_PER_EVENT * n_events + 2 * budget.block_bytes) / 2**30


def made_parts(
    folder: Path, task: UsersTask, parts: Sequence[Rows], runtime: Runtime
) -> Generator[Path]:
    """Let the executor make parts, side by side; none is under way once this is closed.

    Args:
        folder: of the stage, in which each part has a folder as long as nobody has read it.
        task: the work.
        parts: users of each.
        runtime: of the stage.

    Yields:
        The folder of each part, in the order of `parts`, whoever is done first.

    Raises:
        SourceFailed: a source failed in a part.
        ExecutorLost: several workers died of a part, or there is none left.
        WorkerRefused: a worker cannot take part.
    """
    progress = _JointProgress(runtime.watch(), [len(users) for users in parts])
    with runtime.executor.pool(runtime.threads, runtime.memory) as pool:
        places, futures = [], []
        for number, users in enumerate(parts):
            place = folder / f"part-{number:05d}"
            # Made by the thread that asks for it: whoever waits hands nothing over yet.
            work = partial(_make_part, place, task, users, runtime, progress.of(number), pool)
            places.append(place)
            futures.append(pool.submit(task.gib, work))
        for place, future in zip(places, futures, strict=True):
            future.result()
            yield place
            shutil.rmtree(place)


def _make_part(
    place: Path,
    task: UsersTask,
    users: Rows,
    runtime: Runtime,
    progress: Progress,
    pool: BoundedPool,
) -> None:
    """Let the executor make one part, and wait for it."""
    place.mkdir()
    label = f"{runtime.label}, {place.name}"

    def here() -> None:
        raise AssertionError("parts are made where they are handed over")

    asked = Task(
        name=label,
        folder=place,
        here=here,
        message=lambda: task.message(users),
        watch=lambda: pool.stoppable(progress),
    )
    try:
        runtime.executor.submit(asked).result()
    except WorkFailed as failure:
        if failure.cause != "ended":
            raise
        raise ExecutorLost(
            f"{label}: {failure}; what is made so far is kept. Where memory ran out, give workers "
            "more of it or ask for fewer, and run the same command again"
        ) from failure
    progress(len(users), len(users))


@dataclass
class _JointProgress:
    """The progress of parts, as that of the whole.

    Attributes:
        whole: hears of it.
        sizes: users of each part.
    """

    whole: Progress
    sizes: Sequence[int]
    _done: dict[int, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, number: int) -> Progress:
        """Return the progress of one part.

        Args:
            number: of the part.
        """

        def report(done: int, total: int) -> None:
            with self._lock:
                # A worker that begins anew takes nothing back, and beats tell of nothing done.
                self._done[number] = max(done, self._done.get(number, 0))
                n_done = sum(self._done.values())
            self.whole(n_done, sum(self.sizes))

        return report
