"""Sources that misbehave in every way a foreign source can, registered while a test needs them."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np

from fusion.core.arrays import Scores, State
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import TopK
from fusion.models.base import registry
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender


class NoSettings(Settings):
    """None."""


class Plain(Recommender):
    """Scores every item alike, which others make worse."""

    Config = NoSettings

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        self.events_ = len(data)
        return self

    def scores(self, users: UserHistories) -> Scores:
        return np.full((len(users), users.n_items), 1.0, np.float32)

    def state(self) -> State:
        return {"events": np.array(self.events_)}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        model = cls(config)
        model.events_ = int(state["events"])
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        return 0


class DiesFitting(Plain):
    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        raise RuntimeError("no heart to learn")


class FindsNoRoom(Plain):
    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        raise OSError(errno.ENOSPC, "No space left on device")


class DiesScoring(Plain):
    def scores(self, users: UserHistories) -> Scores:
        raise RuntimeError("cannot look at them")


class DiesServing(Plain):
    """Holds out until the fit of the serving fold, which knows the most."""

    most = 0

    def scores(self, users: UserHistories) -> Scores:
        if self.events_ >= type(self).most:
            raise MemoryError
        return super().scores(users)


class DiesWaking(Plain):
    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        raise KeyError("events")


class Silent(Plain):
    def scores(self, users: UserHistories) -> Scores:
        return np.full((len(users), users.n_items), np.nan, np.float32)


class Infinite(Plain):
    def scores(self, users: UserHistories) -> Scores:
        scores = super().scores(users)
        scores[:, ::2], scores[:, 1::4] = np.inf, -np.inf
        return scores


class Misshapen(Plain):
    def scores(self, users: UserHistories) -> Scores:
        return super().scores(users)[:, :-1]


class Lister(Plain):
    """Proposes nothing, though it scores."""

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        return TopK(
            np.full((len(users), k), -1, np.int32), np.full((len(users), k), np.nan, np.float32)
        )


class Hungry(Plain):
    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        return 10**15


class NeedsNaN(Plain):
    """Needs an amount of memory that is neither more nor less than there is."""

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> float:
        return float("nan")


@contextmanager
def registered(**classes: type[Recommender]) -> Iterator[None]:
    """Know some recommenders for a while."""
    registry.known()
    for name, cls in classes.items():
        registry.register(name)(cls)
    try:
        yield
    finally:
        for name in classes:
            del registry._known[name]
