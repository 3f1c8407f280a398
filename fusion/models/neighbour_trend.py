"""Neighbour trend: what similar users took lately."""

from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import DAY, Flags, Offsets, Rows, State, Times, ragged_index
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.recommender import FitContext
from fusion.models.base.registry import register
from fusion.models.base.sparse_scores import keep_best, owners_of
from fusion.models.base.user_similarity import NeighbourSettings, UserSimilarityModel


class NeighbourTrendConfig(NeighbourSettings):
    """Settings of `neighbour_trend`."""

    neighbours: int = tunable(
        200, 10, 5000, log=True, description="how many similar users active lately are heard"
    )
    days: float = tunable(
        30, 1, 365, log=True, description="how long before `as_of` counts as lately"
    )


@register("neighbour_trend")
class NeighbourTrend(UserSimilarityModel):
    """Scores are the interactions of similar users in the last days before the user's own `as_of`.

    Neighbours are the most similar among those who were active in that time. Nothing at or after
    `as_of` is counted as an interaction, whatever was there to fit on.
    """

    Config = NeighbourTrendConfig
    reason_text = "similar people took it lately"
    needs = frozenset({"times"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep everyone's history, and the events by user and time."""
        order, self.borders_ = data.by_user
        self.items_, self.times_ = data.items[order], data.times[order]
        return super().fit(data, ctx)

    def _prepare(self) -> None:
        super()._prepare()
        first, last = (self.times_.min(), self.times_.max()) if len(self.times_) else (0, 0)
        # User-major, time-minor numbers that a single binary search finds its way in.
        self.origin_, self.span_ = int(first), int(last - first) + 2
        owners = np.repeat(np.arange(len(self.borders_) - 1), np.diff(self.borders_))
        self.keys_ = owners * self.span_ + (self.times_ - self.origin_)
        ones = np.ones(len(self.items_), np.float32)
        shape = (len(self.items_), self.histories_.shape[1])
        self.events_ = csr_array(
            (ones, self.items_, np.arange(len(self.items_) + 1)), shape=shape
        )  # (N, I)

    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Sum what the neighbours took lately, weighed by similarity; nothing for items none of them took."""
        found = self.similar(users, self._active(users))
        lo, hi = self._lately(found, users.as_of)
        found.data[lo == hi] = 0.0
        found.eliminate_zeros()
        near = keep_best(found, self.config.neighbours)
        lo, hi = self._lately(near, users.as_of)
        borders = np.concatenate(([0], np.cumsum(hi - lo)))[near.indptr]
        heard = csr_array(
            (np.repeat(near.data, hi - lo), ragged_index(lo, hi - lo), borders),
            shape=(len(users), len(self.items_)),
        )
        return csr_array(heard @ self.events_)

    def widest(self, users: UserHistories) -> int:
        """A user may be similar to everyone, and hears every event of the neighbours."""
        each = len(self.items_) / max(1, len(self.norms_))
        heard = min(len(self.items_), int(2 * each * self.config.neighbours))
        return max(super().widest(users), heard)

    def _active(self, users: UserHistories) -> Rows:
        """Users at fit with events in any of the spans that the block asks about."""
        if not len(users):
            return np.empty(0, np.int32)
        span = int(self.config.days * DAY)
        recent: Flags = (self.times_ >= users.as_of.min() - span) & (
            self.times_ < users.as_of.max()
        )
        counts = np.concatenate(([0], np.cumsum(recent)))[self.borders_]
        return np.flatnonzero(np.diff(counts)).astype(np.int32)

    def _lately(self, near: csr_array, as_of: Times) -> tuple[Offsets, Offsets]:
        """Where the events in the days before `as_of` (B,) of each neighbour stored in `near` (B, U) begin and end."""
        moments, which = np.unique(as_of, return_inverse=True)
        if len(moments) * len(self.norms_) >= near.nnz:
            return self._spans(near.indices, as_of[owners_of(near)])
        # Users of one moment ask for the same spans of the same neighbours, who are looked up once.
        everyone = np.arange(len(self.norms_), dtype=np.int32)
        lo, hi = (
            np.array(ends)
            for ends in zip(*(self._spans(everyone, moment) for moment in moments), strict=True)
        )
        row = which[owners_of(near)]
        return lo[row, near.indices], hi[row, near.indices]

    def _spans(self, rows: Rows, as_of: Times | np.int64) -> tuple[Offsets, Offsets]:
        """Where the events of users `rows` (n,) in the days before `as_of` (n,), or one for all, begin and end."""
        base = rows * np.int64(self.span_)
        start = np.clip(as_of - int(self.config.days * DAY) - self.origin_, 0, self.span_ - 1)
        end = np.clip(as_of - self.origin_, 0, self.span_ - 1)
        return np.searchsorted(self.keys_, base + start), np.searchsorted(self.keys_, base + end)

    def state(self) -> State:
        """Everyone's history and events."""
        return super().state() | {
            "borders": self.borders_,
            "items": self.items_,
            "times": self.times_,
        }

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model.borders_, model.items_, model.times_ = (
            state["borders"],
            state["items"],
            state["times"],
        )
        model._take(state)
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """The same, and the events."""
        return super().memory_bytes(n_users, n_items, n_events) + 36 * n_events
