"""Neighbour trend: recent items of users with similar histories."""

from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import DAY, Flags, Offsets, Rows, State, Times, ragged_index
from fusion.core.settings import tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.fit_context import FitContext
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
    """Interactions of similar users in the last days before the user's own `as_of`.

    Neighbours are the most similar among those who were active in that time. Nothing at or after
    `as_of` is counted as an interaction, whatever was there to fit on.
    """

    Config = NeighbourTrendConfig
    reason_text = "similar people took it lately"
    needs = frozenset({"times"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep everyone's history, and the events by user and time.

        Args:
            data: all that the fold knows.
            ctx: unused.

        Returns:
            The source itself.
        """
        order, self.borders_ = data.by_user
        self.items_ = data.items[order]
        self.times_ = data.times[order]
        return super().fit(data, ctx)

    def _prepare(self) -> None:
        super()._prepare()
        n_events = len(self.items_)
        first = int(self.times_.min()) if n_events else 0
        last = int(self.times_.max()) if n_events else 0
        # Each event as one number, user-major and time-minor, so that a single binary search finds
        # the events of any user in any span. A user's numbers are `span_` apart: one more than the
        # longest age, and one for the end.
        self.origin_ = first
        self.span_ = last - first + 2
        n_users = len(self.borders_) - 1
        owners = np.repeat(np.arange(n_users), np.diff(self.borders_))
        self.keys_ = owners * self.span_ + (self.times_ - self.origin_)
        one_each = np.ones(n_events, np.float32)
        cells = (one_each, self.items_, np.arange(n_events + 1))
        self.events_ = csr_array(cells, shape=(n_events, self.histories_.shape[1]))  # (N, I)

    def sparse_scores(self, users: UserHistories) -> csr_array:
        """Sum the recent events of each user's neighbours by similarity.

        Args:
            users: B users with their histories.

        Returns:
            (B, I) float32; nothing is stored for items that no neighbour took lately.
        """
        similarity = self.similar(users, self._active_users(users))
        starts, ends = self._recent_events(similarity, users.as_of)
        # Only users with events in the span of this very user may be neighbours.
        similarity.data[starts == ends] = 0.0
        similarity.eliminate_zeros()
        neighbours = keep_best(similarity, self.config.neighbours)
        starts, ends = self._recent_events(neighbours, users.as_of)
        n_events = ends - starts
        borders = np.concatenate(([0], np.cumsum(n_events)))[neighbours.indptr]
        cells = (np.repeat(neighbours.data, n_events), ragged_index(starts, n_events), borders)
        event_weights = csr_array(cells, shape=(len(users), len(self.items_)))
        return csr_array(event_weights @ self.events_)

    def max_row_cells(self, users: UserHistories) -> int:
        """Bound the cells of one user: everyone as neighbour, and the events of the neighbours.

        Args:
            users: B users with their histories.

        Returns:
            Cells of the widest row.
        """
        n_events = len(self.items_)
        events_of_user = n_events / max(1, len(self.norms_))
        # Twice the mean leaves room for neighbours with long histories.
        events_of_neighbours = int(2 * events_of_user * self.config.neighbours)
        return max(super().max_row_cells(users), min(n_events, events_of_neighbours))

    def _active_users(self, users: UserHistories) -> Rows:
        """Return users at the fit with events in any of the spans that the block asks about."""
        if not len(users):
            return np.empty(0, np.int32)
        span = int(self.config.days * DAY)
        not_too_old = self.times_ >= users.as_of.min() - span
        recent: Flags = not_too_old & (self.times_ < users.as_of.max())
        counts = np.concatenate(([0], np.cumsum(recent)))[self.borders_]
        return np.flatnonzero(np.diff(counts)).astype(np.int32)

    def _recent_events(self, neighbours: csr_array, as_of: Times) -> tuple[Offsets, Offsets]:
        """Return first and end of the recent events of each neighbour stored in (B, U).

        Recent: in the days before the `as_of` (B,) of the row's user.
        """
        moments, moment_of_user = np.unique(as_of, return_inverse=True)
        owners = owners_of(neighbours)
        n_users = len(self.norms_)
        if len(moments) * n_users >= neighbours.nnz:
            return self._events_before(neighbours.indices, as_of[owners])
        # Users of one moment ask for the same spans of the same neighbours, who are looked up once.
        everyone = np.arange(n_users, dtype=np.int32)
        starts = np.empty((len(moments), n_users), np.int64)
        ends = np.empty((len(moments), n_users), np.int64)
        for row, moment in enumerate(moments):
            starts[row], ends[row] = self._events_before(everyone, moment)
        moment_rows = moment_of_user[owners]
        return starts[moment_rows, neighbours.indices], ends[moment_rows, neighbours.indices]

    def _events_before(self, rows: Rows, as_of: Times | np.int64) -> tuple[Offsets, Offsets]:
        """Return first and end of the events of users `rows` (n,) in the days before `as_of`.

        `as_of`: (n,), or one moment for all.
        """
        base = rows * np.int64(self.span_)
        end_age = as_of - self.origin_
        start_age = as_of - int(self.config.days * DAY) - self.origin_
        start = np.clip(start_age, 0, self.span_ - 1)
        end = np.clip(end_age, 0, self.span_ - 1)
        return np.searchsorted(self.keys_, base + start), np.searchsorted(self.keys_, base + end)

    def state(self) -> State:
        """Return everyone's history and events."""
        events: State = {"borders": self.borders_, "items": self.items_, "times": self.times_}
        return super().state() | events

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
        # Events first: `_restore_histories` ends in `_prepare`, which reads them.
        model.borders_ = state["borders"]
        model.items_ = state["items"]
        model.times_ = state["times"]
        model._restore_histories(state)
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        That of its base, and the events.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        return super().memory_bytes(n_users, n_items, n_events) + 36 * n_events
