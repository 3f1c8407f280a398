"""Popularity: what everyone took lately, as of the moment the user is scored."""

from typing import Any, Self

import numpy as np
from pydantic import Field

from fusion.arrays import DAY, Rows, Scores, State
from fusion.dataset import Dataset
from fusion.recommender import FitContext, Recommender
from fusion.registry import register
from fusion.settings import Settings, tunable
from fusion.users import Users

HALF_LIVES = 10
"""Events older than this many half-lives weigh under a thousandth and are left out."""


class PopularityConfig(Settings):
    """Settings of `popularity`."""

    half_life: float = tunable(28.0, 1, 3650, log=True, description="days after which an interaction counts half")
    days: float | None = Field(None, gt=0, description="count only the last days; default: all, decayed")


@register("popularity")
class Popularity(Recommender):
    """Decayed counts of interactions before the user's `as_of`; without times, plain counts.

    A score never counts what happened at or after a user's own `as_of`, whatever was there to fit on.
    """

    Config = PopularityConfig

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep the events in time order."""
        self.items_, self.times_ = data.items, data.times
        self.timed_ = data.has_times
        return self

    def scores(self, users: Users) -> Scores:
        """One row of counts for each distinct `as_of`; NaN for items nobody took by then."""
        moments, which = np.unique(users.as_of, return_inverse=True)
        if not self.timed_:
            moments, which = np.zeros(1, np.int64), np.zeros(len(users), np.int64)
        return np.stack([self._counts(int(m), users.n_items) for m in moments])[which]

    def _counts(self, moment: int, n_items: int) -> Scores:
        items, weights = self._events(moment)
        counts = np.bincount(items, weights, minlength=n_items).astype(np.float32)
        counts[np.bincount(items, minlength=n_items) == 0] = np.nan
        return counts

    def _events(self, moment: int) -> tuple[Rows, Scores | None]:
        if not self.timed_:
            return self.items_, None
        span = self.config.days or HALF_LIVES * self.config.half_life
        lo, hi = np.searchsorted(self.times_, [moment - int(span * DAY), moment])
        age = (moment - self.times_[lo:hi]) / DAY
        return self.items_[lo:hi], np.exp2(-age / self.config.half_life).astype(np.float32)

    def state(self) -> State:
        """Items and times of the events."""
        return {"items": self.items_, "times": self.times_, "timed": np.array(self.timed_)}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model.items_, model.times_, model.timed_ = state["items"], state["times"], bool(state["timed"])
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """The events themselves and one row of counts."""
        return 24 * n_events + 8 * n_items
