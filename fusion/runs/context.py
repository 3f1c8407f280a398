"""A job: what one training needs at hand in every stage."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fusion.config import CoreConfig, SourceSettings
from fusion.core.parallel import BLOCKS_PER_BUDGET, BLOCKS_PER_THREAD, BlockBudget
from fusion.core.progress import Progress, Step, no_progress, run_plain
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan
from fusion.models.base.recommender import Allowed
from fusion.runs.stage_store import Store


@dataclass(frozen=True)
class RunContext:
    """Configuration, data, folds and store of a training; `step` runs its pieces, `progress` watches them.

    `used` names the stages it has asked for, `<name>/<key>`, those of jobs derived from it
    included.
    """

    config: CoreConfig
    data: Dataset
    plan: Plan
    root: Path
    device: str = "cpu"
    step: Step = run_plain
    progress: Callable[[str], Progress] = field(default=no_progress)
    used: set[str] = field(default_factory=set, compare=False)

    @property
    def store(self) -> Store:
        """Where stages are kept."""
        return Store(self.root / "store", self.used)

    @property
    def threads(self) -> int:
        """Cores to use."""
        return self.config.threads or len(os.sched_getaffinity(0))

    @property
    def sources(self) -> tuple[SourceSettings, ...]:
        """The configured sources, or the default set for what the plan makes of the data."""
        return self.config.sources_for(self.plan.serving.known.has_times)

    @property
    def block_budget(self) -> BlockBudget:
        """What work on users, block by block, may take."""
        return BlockBudget(
            int(
                self.config.memory
                * 2**30
                / max(BLOCKS_PER_BUDGET, BLOCKS_PER_THREAD * self.threads)
            ),
            self.threads,
        )

    def allowed(self, cut: int) -> Allowed:
        """What may be listed at a moment (ms)."""
        return Allowed(self.data.listable(cut), seen=not self.config.lists.exclude_seen)
