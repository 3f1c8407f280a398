"""Popularity: recent items of everyone, as of the moment at which the user is scored."""

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
from fusion.models.base.allowed import Allowed
from fusion.models.base.decayed_counts import DecayedCounts
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender
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
    on. NaN for items without an interaction by then (in the last `days`, where they are set).
    """

    Config = PopularityConfig
    reason_text = "it is popular now"
    _shared: tuple[int, Scores] | None = None
    """The moment of the last block whose users had one for all, and its counts.

    The next block mostly has the same moment.
    """

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Keep the events in time order.

        Args:
            data: all that the fold knows.
            ctx: unused.

        Returns:
            The source itself.
        """
        self.items_ = data.items
        self.times_ = data.times
        self.timed_ = data.has_times
        self._shared = None
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Count once for each distinct `as_of`, and give the counts to its users.

        Args:
            users: B users; of their histories only `as_of` matters.

        Returns:
            (B, I) float32.
        """
        scores = np.empty((len(users), users.n_items), np.float32)
        for members, counts in self._by_moment(users):
            scores[members] = counts
        return scores

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Look up the counts of the pairs' items.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32.
        """
        pair_scores = np.empty(len(pairs), np.float32)
        for members, counts in self._by_moment(users):
            for user in members:
                own = slice(pairs.borders[user], pairs.borders[user + 1])
                pair_scores[own] = counts[pairs.items[own]]
        return pair_scores

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """Sort each moment's counts once; a user's list is that order without their history.

        Args:
            users: B users with their histories.
            k: places of a list.
            allowed: items that may be listed.

        Returns:
            Items and scores (B, k); ties go to the lower item row.
        """
        items = np.full((len(users), k), -1, np.int32)
        scores = np.full((len(users), k), np.nan, np.float32)
        is_seen = np.zeros(users.n_items, bool)
        for members, counts in self._by_moment(users):
            listed = np.where(allowed.items, counts, np.float32(np.nan))
            # Long enough for the user with the longest history: all of it may stand at the top.
            longest = k if allowed.seen else k + int(users.counts[members].max())
            ranked = best(listed[None], min(longest, users.n_items)).items[0]
            ranked = ranked[ranked >= 0]
            for user in members:
                own = users.items[users.borders[user] : users.borders[user + 1]]
                is_seen[own] = not allowed.seen
                candidates = ranked[: k + len(own)]
                top = candidates[~is_seen[candidates]][:k]
                is_seen[own] = False  # clean for the next user
                items[user, : len(top)] = top
                scores[user, : len(top)] = counts[top]
        return TopK(items, scores)

    def _by_moment(self, users: UserHistories) -> Iterator[tuple[NDArray[np.intp], Scores]]:
        """Yield the users (n,) who share an `as_of`, and the counts (I,) there, moments rising."""
        as_of = users.as_of if self.timed_ else np.ones(len(users), np.int64)
        order = np.argsort(as_of, kind="stable")
        moments, starts = np.unique(as_of[order], return_index=True)
        groups = np.split(order, starts[1:]) if len(users) else []
        if len(groups) == 1:
            yield groups[0], self._counts_for_all(moments, users.n_items)
        else:
            yield from zip(groups, self._counts(moments, users.n_items), strict=True)

    def _counts_for_all(self, moments: Times, n_items: int) -> Scores:
        """Return the counts (I,) at the only moment (1,), kept for the next block."""
        shared = self._shared
        moment = int(moments[0])
        if shared is None or shared[0] != moment or len(shared[1]) != n_items:
            counts = next(self._counts(moments, n_items))
            shared = self._shared = (moment, counts)
        return shared[1]

    def _counts(self, moments: Times, n_items: int) -> Iterator[Scores]:
        """Yield the counts (I,) at each of the rising moments."""
        half_life = self.config.half_life if self.timed_ else np.inf
        days = self.config.days if self.timed_ else None
        decayed = DecayedCounts(self.items_, self.times_, n_items, half_life)
        # Plain counts tell silence from a count that decayed to nothing.
        plain = DecayedCounts(self.items_, self.times_, n_items, np.inf)
        if days is None:
            for moment in moments.tolist():
                yield as_scores(decayed.at(moment), plain.at(moment))
            return
        # Counts before the last days, on their way to the moment, are taken off.
        old_decayed = DecayedCounts(self.items_, self.times_, n_items, half_life)
        old_plain = DecayedCounts(self.items_, self.times_, n_items, np.inf)
        decay_of_days = np.exp2(-days / half_life)
        for moment in moments.tolist():
            start = moment - int(days * DAY)
            too_old = old_decayed.at(start) * decay_of_days
            n_recent = plain.at(moment) - old_plain.at(start)
            yield as_scores(decayed.at(moment) - too_old, n_recent)

    def state(self) -> State:
        """Return items and times of the events."""
        return {"items": self.items_, "times": self.times_, "timed": np.array(self.timed_)}

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
        model.items_ = state["items"]
        model.times_ = state["times"]
        model.timed_ = bool(state["timed"])
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        The events themselves and a few rows of counts.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        return 24 * n_events + 100 * n_items


def as_scores(decayed: NDArray[np.float64], plain: NDArray[np.float64]) -> Scores:
    """Turn counts into scores.

    Args:
        decayed: (I,) decayed counts.
        plain: (I,) plain counts of the same events.

    Returns:
        (I,) float32, NaN where nothing was counted.
    """
    return np.where(plain > 0, decayed, np.nan).astype(np.float32)
