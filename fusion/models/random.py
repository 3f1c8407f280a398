"""Random: the control row that every other row must beat."""

from typing import Any, Self

import numpy as np

from fusion.arrays import Scores, State
from fusion.dataset import Dataset
from fusion.recommender import FitContext, Recommender
from fusion.registry import register
from fusion.settings import Settings
from fusion.users import Users

MIX = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)
"""Odd constants of splitmix64 (Steele, Lea & Flood, OOPSLA 2014)."""


class RandomConfig(Settings):
    """Settings of `random`: none."""


@register("random")
class Random(Recommender):
    """A score drawn from (seed, user, item), so that it needs no memory and any block gives the same."""

    Config = RandomConfig
    scores_new_items = True
    proposes = False

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Draw the seed."""
        self.seed_ = np.uint64(ctx.rng.integers(2**63))
        return self

    def scores(self, users: Users) -> Scores:
        """Uniform numbers in [0, 1)."""
        cells = users.rows.astype(np.uint64)[:, None] * MIX[0] + np.arange(users.n_items, dtype=np.uint64) + self.seed_
        for shift, factor in ((30, MIX[1]), (27, MIX[2]), (31, np.uint64(1))):
            cells = (cells ^ (cells >> np.uint64(shift))) * factor
        found: Scores = (cells >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
        return found

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
