"""Sequence: items that follow the user's newest ones in the histories of others."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array, vstack

from fusion.core.arrays import Offsets, Rows, offsets, sparse
from fusion.core.grouped import order_by_group
from fusion.core.settings import Settings, tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.fit_context import FitContext
from fusion.models.base.item_similarity import Damping, ItemSimilarityModel, strongest_links
from fusion.models.base.registry import register

EVENT_BYTES = 40
"""Bytes of an event in its orders by user and by item, with what making them takes."""
STEP_BYTES = 128 * 2**20
"""Memory budget of the steps that are summed at once."""
CELL_BYTES = 64
"""Bytes of a step on its way into the sums."""


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
    The p-th newest event counts 1/p. Memory: the events in two orders, and one block of rows.
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
        events = FollowedEvents.of(data)
        root_counts = np.sqrt(data.item_counts).astype(np.float32)
        damping = Damping(root_counts, self.config.shrink)

        def _rows_of(part: slice) -> csr_array:
            return count_steps(events, part, self.config.reach)

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

        The events by user and by item, the steps that are being summed, the links, and one block
        of rows.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        links = 20 * n_items * self.config.neighbours
        return EVENT_BYTES * n_events + STEP_BYTES + links + 2 * self.block_bytes


@dataclass(frozen=True)
class FollowedEvents:
    """Events of all users, one user after the other, oldest first, and where each item's are.

    Attributes:
        items: (N,) int32.
        after: (N,) int32 events of the same user after it.
        of_items: (N,) int32 positions of the events of each item, item after item.
        borders: (I + 1,) of the items in `of_items`.
    """

    items: Rows
    after: Rows
    of_items: Rows
    borders: Offsets

    @classmethod
    def of(cls, data: Dataset) -> Self:
        """Put the events of a dataset in order.

        Args:
            data: interactions of I items.
        """
        order, borders = data.by_user
        items = data.items[order]
        # By the place of the last event of the user, of whom only the border is known.
        after: Rows = np.repeat(borders[1:].astype(np.int32), np.diff(borders))
        after -= np.arange(1, len(items) + 1, dtype=np.int32)
        return cls(
            items=items,
            after=after,
            of_items=order_by_group(items, data.n_items),
            borders=offsets(data.item_counts),
        )

    def parts(self, part: slice) -> Iterator[slice]:
        """Cut a slice of items so that the events of each piece fit into the memory for steps.

        Args:
            part: of the items, with start and stop.

        Yields:
            Slices in order; an item with more events than fit has a piece of its own.
        """
        start = part.start
        while start < part.stop:
            most = self.borders[start] + STEP_BYTES // CELL_BYTES
            stop = int(np.searchsorted(self.borders, most, "right")) - 1
            stop = min(max(stop, start + 1), part.stop)
            yield slice(start, stop)
            start = stop


def count_steps(events: FollowedEvents, part: slice, reach: int) -> csr_array:
    """Count how often items came soon after some others, within the histories of users.

    Args:
        events: with I items.
        part: the items that come first, as a slice with start and stop.
        reach: the longest step that counts; a step of d counts 1/d.

    Returns:
        (items of the part, I) float32: how often the column's item followed the row's.
    """
    counted = [_count_steps_of(events, piece, reach) for piece in events.parts(part)]
    return csr_array(vstack(counted, format="csr"))


def _count_steps_of(events: FollowedEvents, part: slice, reach: int) -> csr_array:
    """Count the steps of items whose events fit into memory."""
    first = events.of_items[events.borders[part.start] : events.borders[part.stop]]
    counts = np.diff(events.borders[part.start : part.stop + 1])
    rows = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    n_after = events.after[first]
    total = csr_array((len(counts), len(events.borders) - 1), dtype=np.float32)
    for gap in range(1, reach + 1):
        has_follower = n_after >= gap
        followers = events.items[first[has_follower] + gap]
        weights = np.full(len(followers), 1 / gap, np.float32)
        total = total + sparse(rows[has_follower], followers, weights, total.shape)
    return total.tocsr()
