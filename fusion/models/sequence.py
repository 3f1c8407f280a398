"""Sequence: what follows what."""

from typing import Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from fusion.core.arrays import sparse
from fusion.core.settings import Settings, tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.item_similarity import Damping, ItemSimilarityModel, strongest
from fusion.models.base.recommender import FitContext
from fusion.models.base.registry import register


class SequenceConfig(Settings):
    """Settings of `sequence`."""

    reach: int = Field(
        10, ge=1, le=20, description="how many steps after an item still count as following it"
    )
    last: int = tunable(10, 1, 50, log=True, description="score from this many newest events")
    neighbours: int = tunable(
        100, 10, 500, log=True, description="how many followers an item keeps"
    )
    shrink: float = tunable(
        30.0, 0, 200, description="added to the denominator: doubt about rare items"
    )


@register("sequence")
class Sequence(ItemSimilarityModel):
    """Scores sum how often an item followed the newest ones of a history, nearer steps and newer items more.

    A step of d counts 1/d; sums are divided by sqrt(count of first * count of follower) + shrink.
    The p-th newest event counts 1/p. Memory: the counted steps, up to `reach` for each event.
    """

    Config = SequenceConfig
    reason_text = "it often follows what they took last"
    needs = frozenset({"times"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Count the steps within each user's time order and keep the strongest followers of each item."""
        steps = counted_steps(data, self.config.reach)
        roots = np.sqrt(data.item_counts).astype(np.float32)

        damping = Damping(roots, self.config.shrink)
        self.links_ = strongest(
            lambda part: steps[part], damping, self.config.neighbours, self.block_bytes
        )
        return self

    def profile(self, users: UserHistories) -> csr_array:
        """The newest items (B, I), the p-th newest counting 1/p."""
        recent = users.last(self.config.last)
        from_end = np.repeat(recent.borders[1:], recent.counts) - np.arange(len(recent.items))
        weights = (1.0 / from_end).astype(np.float32)
        return sparse(recent.owners, recent.items, weights, (len(users), users.n_items))

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Twice the counted steps while they are summed, the links, and one block of rows."""
        steps = min(n_events * self.config.reach, n_items**2)
        return (
            24 * steps
            + 40 * n_events
            + 20 * n_items * self.config.neighbours
            + 2 * self.block_bytes
        )


def counted_steps(data: Dataset, reach: int) -> csr_array:
    """How often (I, I) a column's item came at most `reach` events after a row's, a step of d counting 1/d."""
    order, _ = data.by_user
    items, owners = data.items[order], data.users[order]
    total = csr_array((data.n_items, data.n_items), dtype=np.float32)
    for gap in range(1, reach + 1):
        same = owners[:-gap] == owners[gap:]
        weights = np.full(int(same.sum()), 1 / gap, np.float32)
        total = total + sparse(items[:-gap][same], items[gap:][same], weights, total.shape)
    return total.tocsr()
