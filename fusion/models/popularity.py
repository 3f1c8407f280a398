"""Popularity: what everyone took lately, as of the moment the user is scored."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fusion.core.arrays import DAY, Scores, State, Times
from fusion.core.settings import Settings, tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK, best
from fusion.models.base.decayed_counts import DecayedCounts
from fusion.models.base.recommender import Allowed, FitContext, Recommender
from fusion.models.base.registry import register


class PopularityConfig(Settings):
    """Settings of `popularity`."""

    half_life: float = tunable(
        28.0, 1, 3650, log=True, description="days after which an interaction counts half"
    )
    days: float | None = Field(
        None, gt=0, description="count only the last days; default: all, decayed"
    )


@register("popularity")
class Popularity(Recommender):
    """Decayed counts of interactions before the user's `as_of`; without times, plain counts.

    A score never counts what happened at or after a user's own `as_of`, whatever was there to fit
    on. NaN for items nobody took by then (in the last `days`, where they are given).
    """

    Config = PopularityConfig
    reason_text = "it is popular now"
    _shared: tuple[int, Scores] | None = None
    """The moment asked last, where a block of users had one for all, and its counts: the next block has it too."""

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep the events in time order."""
        self.items_, self.times_ = data.items, data.times
        self.timed_ = data.has_times
        self._shared = None
        return self

    def scores(self, users: UserHistories) -> Scores:
        """One row of counts for each distinct `as_of`, dealt out to its users."""
        found = np.empty((len(users), users.n_items), np.float32)
        for who, counts in self._by_moment(users):
            found[who] = counts
        return found

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """The counts of the pairs' items only."""
        found = np.empty(len(pairs), np.float32)
        for who, counts in self._by_moment(users):
            for user in who:
                own = slice(pairs.borders[user], pairs.borders[user + 1])
                found[own] = counts[pairs.items[own]]
        return found

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """Each moment is sorted once; a user's list is that order without what the user met."""
        top = TopK(
            np.full((len(users), k), -1, np.int32), np.full((len(users), k), np.nan, np.float32)
        )
        met = np.zeros(users.n_items, bool)
        for who, counts in self._by_moment(users):
            listed = np.where(allowed.items, counts, np.float32(np.nan))
            longest = k if allowed.seen else k + int(users.counts[who].max())
            ranked = best(listed[None], min(longest, users.n_items)).items[0]
            ranked = ranked[ranked >= 0]
            for user in who:
                own = users.items[users.borders[user] : users.borders[user + 1]]
                met[own] = not allowed.seen
                fresh = ranked[: k + len(own)]
                fresh = fresh[~met[fresh]][:k]
                met[own] = False
                top.items[user, : len(fresh)] = fresh
                top.scores[user, : len(fresh)] = counts[fresh]
        return top

    def _by_moment(self, users: UserHistories) -> Iterator[tuple[NDArray[np.intp], Scores]]:
        """The users (n,) who share an `as_of`, and the counts (I,) there, moments rising."""
        as_of = users.as_of if self.timed_ else np.ones(len(users), np.int64)
        order = np.argsort(as_of, kind="stable")
        moments, starts = np.unique(as_of[order], return_index=True)
        groups = np.split(order, starts[1:]) if len(users) else []
        if len(groups) == 1:
            yield groups[0], self._counts_for_all(moments, users.n_items)
        else:
            yield from zip(groups, self._counts(moments, users.n_items), strict=True)

    def _counts_for_all(self, moments: Times, n_items: int) -> Scores:
        shared, moment = self._shared, int(moments[0])
        if shared is None or shared[0] != moment or len(shared[1]) != n_items:
            shared = self._shared = moment, next(self._counts(moments, n_items))
        return shared[1]

    def _counts(self, moments: Times, n_items: int) -> Iterator[Scores]:
        half_life = self.config.half_life if self.timed_ else np.inf
        faded, taken = (
            DecayedCounts(self.items_, self.times_, n_items, life) for life in (half_life, np.inf)
        )
        span = self.config.days if self.timed_ else None
        if span is None:
            for moment in moments.tolist():
                yield heard(faded.at(moment), taken.at(moment))
            return
        old_faded, old_taken = (
            DecayedCounts(self.items_, self.times_, n_items, life) for life in (half_life, np.inf)
        )
        for moment in moments.tolist():
            start = moment - int(span * DAY)
            gone = old_faded.at(start) * np.exp2(-span / half_life)
            yield heard(faded.at(moment) - gone, taken.at(moment) - old_taken.at(start))

    def state(self) -> State:
        """Items and times of the events."""
        return {"items": self.items_, "times": self.times_, "timed": np.array(self.timed_)}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model.items_, model.times_, model.timed_ = (
            state["items"],
            state["times"],
            bool(state["timed"]),
        )
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """The events themselves and a few rows of counts."""
        return 24 * n_events + 100 * n_items


def heard(counts: NDArray[np.float64], taken: NDArray[np.float64]) -> Scores:
    """Counts (I,) as scores, NaN where nothing was taken."""
    return np.where(taken > 0, counts, np.nan).astype(np.float32)
