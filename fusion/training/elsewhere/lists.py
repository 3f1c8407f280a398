"""The lists of all users by other processes: what each is told of a part of them."""

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.core.arrays import Rows
from fusion.lists.warm_lists import WarmLists
from fusion.models.base.fitted import FittedSource
from fusion.runs.context import RunContext
from fusion.runs.stages.handover import Handover
from fusion.runs.stages.runtime import Runtime
from fusion.training.elsewhere.fitted import hand_over_sources, state_bytes
from fusion.training.elsewhere.parts import UsersTask, made_parts, part_gib
from fusion.training.elsewhere.rules import hand_over_rules
from fusion.training.elsewhere.worker_runtime import means_of
from fusion.training.source_fits import SourceFit

TARGET = "fusion.training.elsewhere.list_part:make_handed_part"


@dataclass(frozen=True)
class ListsElsewhere:
    """Makes lists by the executor, in parts.

    Attributes:
        folder: of the stage.
        context: data, folds and settings.
        sources: fitted on the serving fold.
        loaded: the same.
        rankers: folders of the ranker and its twin, as far as there are any.
        runtime: of the stage.
    """

    folder: Path
    context: RunContext
    sources: Sequence[SourceFit]
    loaded: Sequence[FittedSource]
    rankers: Sequence[Path]
    runtime: Runtime

    def __call__(self, warm: WarmLists, parts: Sequence[Rows]) -> Generator[Path]:
        """Let lists be made.

        Args:
            warm: what would make them here.
            parts: users of each part, in whole blocks.

        Yields:
            A folder for each part, in their order, as `WarmLists.take` takes it.

        Raises:
            SourceFailed: a source died of it.
            ExecutorLost: there is nobody left who could do it.
        """
        handover, budget = self.runtime.handover, self.runtime.block_budget
        assert handover is not None
        task = UsersTask(
            target=TARGET,
            shared=self._shared(warm, handover),
            of_part=lambda users: {"users": handover.arrays(_of_users(warm, users))},
            gib=part_gib(state_bytes(self.sources), len(self.context.data), budget),
        )
        yield from made_parts(self.folder, task, parts, self.runtime)

    def _shared(self, warm: WarmLists, handover: Handover) -> dict[str, Any]:
        """Hand over what every part needs."""
        config, serving = self.context.config, self.context.plan.serving
        builder, models = warm.builder, [source.fit.stage.inputs.model for source in self.sources]
        prices, new_items = builder.prices, builder.new_items
        return {
            "means": means_of(self.runtime, *models),
            "sources": hand_over_sources(self.sources, self.loaded, self.runtime),
            "data": handover.dataset(self.context.data),
            "known": handover.dataset(serving.known),
            "as_of": handover.mapped(serving.as_of),
            "cut": serving.cut,
            "split": self.context.plan.kind,
            "method": warm.method.name,
            "rankers": [str(folder.absolute()) for folder in self.rankers],
            "rules": hand_over_rules(builder.rules, handover),
            "prices": prices and [asdict(price) for price in prices.values],
            "new_items": None if new_items is None else handover.mapped(new_items),
            "margin": warm.sticky.margin,
            "explained_of": warm.explainer.users,
            "lists": config.lists.model_dump(mode="json"),
            "sparse": config.split.sparse,
            "seed": config.seed,
            "device": self.context.device,
            "block_bytes": self.runtime.block_budget.block_bytes,
        }


def _of_users(warm: WarmLists, users: Rows) -> dict[str, Rows]:
    """Return what is known of the users of one part alone."""
    ascending = np.sort(users)
    return {
        "rows": users,
        "sampled": np.intersect1d(warm.samples.users, users),
        "placed": np.intersect1d(warm.places.users, users),
        "live_users": ascending,
        "live_items": warm.sticky.live.of_users(ascending),
    }
