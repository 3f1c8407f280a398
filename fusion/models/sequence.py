"""Sequence: items that follow the user's newest ones in the histories of others."""

from typing import Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from fusion.core.arrays import sparse
from fusion.core.settings import Settings, tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.fit_context import FitContext
from fusion.models.base.item_similarity import Damping, ItemSimilarityModel, strongest_links
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
    """Counts of how often an item followed those of a history, nearer steps and newer items more.

    A step of d counts 1/d; sums are divided by sqrt(count of first * count of follower) + shrink.
    The p-th newest event counts 1/p. Memory: the counted steps, up to `reach` for each event.
    """

    Config = SequenceConfig
    reason_text = "it often follows what they took last"
    needs = frozenset({"times"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Count steps in the time order of each user; keep the strongest followers of each item.

        Args:
            data: all that the fold knows.
            ctx: unused.

        Returns:
            The source itself.
        """
        steps = count_steps(data, self.config.reach)
        root_counts = np.sqrt(data.item_counts).astype(np.float32)
        damping = Damping(root_counts, self.config.shrink)

        def _rows_of(part: slice) -> csr_array:
            return steps[part]

        self.links_ = strongest_links(_rows_of, damping, self.config.neighbours, self.block_bytes)
        return self

    def profile(self, users: UserHistories) -> csr_array:
        """Weigh the newest items of each history, the p-th newest by 1/p.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32.
        """
        recent = users.last(self.config.last)
        ends = np.repeat(recent.borders[1:], recent.counts)
        places_from_end = ends - np.arange(len(recent.items))
        weights = (1.0 / places_from_end).astype(np.float32)
        return sparse(recent.owners, recent.items, weights, (len(users), users.n_items))

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Twice the counted steps while they are summed, the links, and one block of rows.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        steps = 24 * min(n_events * self.config.reach, n_items**2)
        links = 20 * n_items * self.config.neighbours
        return steps + 40 * n_events + links + 2 * self.block_bytes


def count_steps(data: Dataset, reach: int) -> csr_array:
    """Count how often one item came soon after another, within the histories of users.

    Args:
        data: interactions of I items.
        reach: the longest step that counts; a step of d counts 1/d.

    Returns:
        (I, I) float32: how often the column's item followed the row's.
    """
    order, _ = data.by_user
    items = data.items[order]
    owners = data.users[order]
    total = csr_array((data.n_items, data.n_items), dtype=np.float32)
    for gap in range(1, reach + 1):
        same_user = owners[:-gap] == owners[gap:]
        first = items[:-gap][same_user]
        follower = items[gap:][same_user]
        weights = np.full(len(first), 1 / gap, np.float32)
        total = total + sparse(first, follower, weights, total.shape)
    return total.tocsr()
