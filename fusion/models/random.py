"""Random: the reference row that every other row must beat."""

from typing import Any, Self

import numpy as np

from fusion.core.arrays import Scores, State
from fusion.core.hashing import MIX, mix, to_unit_interval
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import register


class RandomConfig(Settings):
    """Settings of `random`: none."""


@register("random")
class Random(Recommender):
    """A hash of (seed, user, item) as score: it needs no memory, and any block gives the same."""

    Config = RandomConfig
    scores_new_items = True
    proposes = False
    block_bytes = 2 * 2**20
    """So small that a block stays in the processor's cache on its way through a dozen steps."""

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Draw the seed.

        Args:
            data: unused.
            ctx: the random stream.

        Returns:
            The source itself.
        """
        self.seed_ = np.uint64(ctx.rng.integers(2**63))
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Hash every (user, item).

        Args:
            users: B users; their histories do not matter.

        Returns:
            (B, I) float32, uniform in [0, 1).
        """
        # Rows begin at -1 (unknown): one more makes them unsigned.
        user_numbers = users.rows.astype(np.uint64) + np.uint64(1)
        user_hashes = mix(user_numbers * MIX[0] + self.seed_)
        items = np.arange(users.n_items, dtype=np.uint64)
        return to_unit_interval(mix(user_hashes[:, None] + items))

    def state(self) -> State:
        """Return the seed."""
        return {"seed": np.array(self.seed_)}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = cls(config)
        model.seed_ = np.uint64(state["seed"])
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            0 bytes: nothing is kept.
        """
        return 0
