"""A job: what one training needs at hand in every stage."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fusion.config import CoreConfig, SourceSettings
from fusion.dataset import Dataset
from fusion.folds import Plan
from fusion.progress import Progress, Step, plainly, unwatched
from fusion.recommender import Allowed
from fusion.rule_rows import Rules
from fusion.store import Store

BLOCKS, A_THREAD = 16, 4
"""One block of users may take a sixteenth of the memory that fits may need together, with many threads a fourth of a
thread's part: each gathers one."""


@dataclass(frozen=True)
class Room:
    """What work on users, block by block, may take: `block_bytes` of memory for each block, and `threads`."""

    block_bytes: int
    threads: int


@dataclass(frozen=True)
class Job:
    """Configuration, data, folds and store of a training; `step` runs its pieces, `progress` watches them.

    `used` names the stages it has asked for, `<name>/<key>`, those of jobs derived from it included.
    `rules` act on the lists alone, and on nothing that is judged.
    """

    config: CoreConfig
    data: Dataset
    plan: Plan
    root: Path
    device: str = "cpu"
    step: Step = plainly
    progress: Callable[[str], Progress] = field(default=unwatched)
    used: set[str] = field(default_factory=set, compare=False)
    rules: Rules | None = None

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
    def room(self) -> Room:
        """What work on users, block by block, may take."""
        return Room(int(self.config.memory * 2**30 / max(BLOCKS, A_THREAD * self.threads)), self.threads)

    def allowed(self, cut: int) -> Allowed:
        """What may be listed at a moment (ms)."""
        return Allowed(self.data.listable(cut), seen=not self.config.lists.exclude_seen)
