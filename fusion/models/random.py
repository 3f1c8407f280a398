"""Random: the control row that every other row must beat."""

from typing import Any, Self

import numpy as np

from fusion.core.arrays import Scores, State
from fusion.core.hashing import MIX, mix, to_unit_interval
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.recommender import FitContext, Recommender
from fusion.models.base.registry import register


class RandomConfig(Settings):
    """Settings of `random`: none."""


@register("random")
class Random(Recommender):
    """A score drawn from (seed, user, item), so that it needs no memory and any block gives the same."""

    Config = RandomConfig
    scores_new_items = True
    proposes = False
    block_bytes = 2 * 2**20
    """So small that a block stays in the processor's cache on its way through a dozen steps."""

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Draw the seed."""
        self.seed_ = np.uint64(ctx.rng.integers(2**63))
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Uniform numbers in [0, 1)."""
        seeded = mix((users.rows.astype(np.uint64) + np.uint64(1)) * MIX[0] + self.seed_)
        return to_unit_interval(mix(seeded[:, None] + np.arange(users.n_items, dtype=np.uint64)))

    def state(self) -> State:
        """The seed."""
        return {"seed": np.array(self.seed_)}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the seed back."""
        model = cls(config)
        model.seed_ = np.uint64(state["seed"])
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Nothing is kept."""
        return 0
