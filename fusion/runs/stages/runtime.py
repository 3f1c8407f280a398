"""Stages, and what runs them: a result is made of declared inputs alone, and only once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import isfunction
from pathlib import Path
from typing import Any, Generic, TypeVar

from fusion.compute.local import LOCAL
from fusion.compute.task import Executor, Message, Task
from fusion.core.parallel import BLOCKS_PER_BUDGET, BLOCKS_PER_THREAD, BlockBudget
from fusion.core.progress import Progress, Step, no_progress, run_plain
from fusion.errors import FusionError
from fusion.runs.stages.handover import Handover
from fusion.runs.stages.keys import inputs_key
from fusion.runs.stages.store import Store

I = TypeVar("I")  # noqa: E741 - the dataclass of a stage's inputs


@dataclass(frozen=True)
class Stage(Generic[I]):
    """A result that is made of its inputs alone, and kept under their key.

    `make` is a plain function of a module. Neither a closure nor a method could keep the promise:
    they bring values along that the key does not know.

    Attributes:
        name: folder of the store in which such results stand, such as "table".
        label: what people see of it as a step and its progress; no part of the key.
        inputs: a dataclass; every field counts towards the key, see `keys`.
        make: writes the result into an empty folder: `make(folder, inputs, runtime)`.
        read_later: files whose content whoever reads them verifies, as not every run reads them.
        message: hands the inputs over, and says how another process fills the folder; None for a
            stage that is made here, wherever others are.
    """

    name: str
    label: str
    inputs: I
    make: Callable[[Path, I, "Runtime"], None]
    read_later: tuple[str, ...] = ()
    message: Callable[[I, "Runtime"], Message] | None = None

    def __post_init__(self) -> None:
        if not isfunction(self.make) or self.make.__closure__:
            raise FusionError(
                f"stage {self.name}: make must be a function of a module, which has its inputs only"
            )

    @cached_property
    def key_inputs(self) -> dict[str, Any]:
        """Key of each input, as the store hashes and records it."""
        return inputs_key(self.inputs)


@dataclass(frozen=True)
class Runtime:
    """The means by which stages are made. None of them decides a bit of a result.

    What does is an input of the stage instead: the device, the seed, and the threads of whatever
    sums in their order, such as LightGBM. So nothing here is part of a key.

    Attributes:
        store: where results are kept.
        threads: cores to use where their number changes no bit.
        memory: GiB that work side by side may need together.
        step: runs a named piece of work, plainly or as a task of an orchestrator.
        progress: gives the progress of a named piece of work.
        label: of the stage that is being made.
        executor: does the work of stages, here or in other processes.
        handover: of what such processes read; None where there are none.
    """

    store: Store
    threads: int = 1
    memory: float = 4.0
    step: Step = run_plain
    progress: Callable[[str], Progress] = field(default=no_progress)
    label: str = ""
    executor: Executor = LOCAL
    handover: Handover | None = None

    def run(self, stage: Stage[I]) -> Path:
        """Run a stage as a step of its own.

        Args:
            stage: what to make, or to take from the store.

        Returns:
            The folder of its result.
        """
        return self.step(stage.label, lambda: self.make(stage))

    def make(self, stage: Stage[I]) -> Path:
        """Make a stage, or take it from the store, within the step that is under way.

        Args:
            stage: what to make.

        Returns:
            The folder of its result.
        """
        # A copy that knows the label: several stages may be made at once by one runtime.
        runtime = replace(self, label=stage.label)
        return self.store.stage(
            stage.name,
            stage.key_inputs,
            lambda folder: runtime.fill(folder, stage),
            stage.read_later,
        )

    def fill(self, folder: Path, stage: Stage[I]) -> None:
        """Make what a stage writes, by the executor.

        Args:
            folder: empty.
            stage: what to make.
        """
        message = stage.message
        task = Task(
            name=stage.label,
            folder=folder,
            here=lambda: stage.make(folder, stage.inputs, self),
            message=None if message is None else lambda: message(stage.inputs, self),
            watch=self.watch,
        )
        self.executor.submit(task).result()

    def has(self, stage: Stage[I]) -> bool:
        """Return whether a stage is in the store already, or with other machines.

        Args:
            stage: what would be made.
        """
        return self.store.has(stage.name, stage.key_inputs)

    def watch(self) -> Progress:
        """Return the progress of the stage that is being made."""
        return self.progress(self.label)

    @property
    def vectors(self) -> Path:
        """Folder of text vectors, which depend on their text and encoder alone."""
        return self.store.root / "vectors"

    @property
    def block_budget(self) -> BlockBudget:
        """Memory and threads of work on users, block by block."""
        # Each thread gathers a block ahead while one is worked on.
        parts = max(BLOCKS_PER_BUDGET, BLOCKS_PER_THREAD * self.threads)
        return BlockBudget(int(self.memory * 2**30 / parts), self.threads)
