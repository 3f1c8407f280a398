"""The context of a training: its configuration, data and folds, and the means to run it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fusion.compute.local import LOCAL
from fusion.compute.task import Executor
from fusion.config import CoreConfig, SourceSettings
from fusion.core.parallel import BlockBudget
from fusion.core.progress import Progress, Step, no_progress, run_plain
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Plan
from fusion.models.base.allowed import Allowed
from fusion.runs.stages.handover import Handover
from fusion.runs.stages.remote import Remote
from fusion.runs.stages.runtime import Runtime
from fusion.runs.stages.store import Store


@dataclass(frozen=True)
class RunContext:
    """Everything that one training has at hand; hand on what a function needs of it, not all.

    Attributes:
        config: what decides the training.
        data: what is trained on.
        plan: its folds.
        root: folder of artifacts, with the store in it.
        device: "cpu" or "cuda".
        step: runs a named piece of work, plainly or as a task of an orchestrator.
        progress: gives the progress of a named piece of work.
        used: stages made or verified so far, `<name>/<key>`, those of derived contexts included.
        shared_store: store of another folder, from which stages are copied; None where there is
            none.
        executor: does the work of stages, here or in other processes.
        handover: of what such processes read; None where there are none.
    """

    config: CoreConfig
    data: Dataset
    plan: Plan
    root: Path
    device: str = "cpu"
    step: Step = run_plain
    progress: Callable[[str], Progress] = field(default=no_progress)
    used: set[str] = field(default_factory=set, compare=False)
    shared_store: Path | None = None
    executor: Executor = LOCAL
    handover: Handover | None = None

    @property
    def store(self) -> Store:
        """The cache of stages."""
        return Store(self.root / "store", self.used, self.shared_store, self.remote)

    @cached_property
    def remote(self) -> Remote | None:
        """The store that other machines have too, where `[artifacts]` names one."""
        url = self.config.artifacts.store
        return None if url is None else Remote(url)

    @property
    def threads(self) -> int:
        """Cores to use."""
        return self.config.threads or len(os.sched_getaffinity(0))

    @property
    def runtime(self) -> Runtime:
        """The means by which its stages are made."""
        return Runtime(
            store=self.store,
            threads=self.threads,
            memory=self.config.memory,
            step=self.step,
            progress=self.progress,
            executor=self.executor,
            handover=self.handover,
        )

    @property
    def sources(self) -> tuple[SourceSettings, ...]:
        """The configured sources, or the default set for what the plan makes of the data."""
        return self.config.sources_for(self.plan.serving.known.has_times)

    @property
    def block_budget(self) -> BlockBudget:
        """Memory and threads of work on users, block by block."""
        return self.runtime.block_budget

    def allowed(self, cut: int) -> Allowed:
        """Return what may be listed at a moment.

        Args:
            cut: ms, for the availability of items.
        """
        return Allowed(self.data.listable(cut), seen=not self.config.lists.exclude_seen)
