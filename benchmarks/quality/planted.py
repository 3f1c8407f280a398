"""A world where it is known what each source is worth: one noise, one a copy, one for a tenth."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import polars as pl

from fusion.config import SourceSettings
from fusion.core.arrays import DAY, Scores, State
from fusion.core.hashing import shares
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base import registry
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender

EVENTS = 7
"""Interactions of every user: four of them are labels of a fold, and three are history always."""
MISSED = 0.02
"""Share of interactions that no source foresees."""
HINT = 10.0
"""Score of the item that a source points at; all others have scores between 0 and 1."""
PLANTED = ("popularity", "right", "copy", "noise", "tenth")
"""Names of the sources, as they are configured."""


def planted_interactions(n_users: int, n_items: int, seed: int) -> pl.DataFrame:
    """Interactions without any taste: each user takes items of their own, one a day.

    Args:
        n_users: users, each with `EVENTS` interactions.
        n_items: items.
        seed: of the draws.

    Returns:
        Columns user, item, time (ms), weight and liked.
    """
    rng = np.random.default_rng(seed)
    # Day after day, so that rows of users are numbered as they are here.
    taken = np.stack([rng.permutation(n_items)[:EVENTS] for _ in range(n_users)])
    users = np.tile(np.arange(n_users), EVENTS)
    days = np.repeat(np.arange(EVENTS), n_users)
    return pl.DataFrame(
        {
            "user": [f"u{user}" for user in users],
            "item": [f"i{item}" for item in taken[users, days]],
            "time": 20_000 * DAY + days * DAY + users,
            "weight": np.ones(len(users), np.float32),
            "liked": np.ones(len(users), bool),
        }
    )


class _NoSettings(Settings):
    """None."""


class _Oracle(Recommender):
    """Points at the item that a user takes next, where the user is one it is right for."""

    Config = _NoSettings
    taken: np.ndarray
    """Items (U, EVENTS) that each user takes, by row numbers."""
    salt = 1
    """Seeds the scores of all other items."""

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Learn nothing."""
        return self

    def is_right_for(self, users: UserHistories) -> np.ndarray:
        """Return whether it knows the next item (B,) of each user."""
        return users.rows % 10 != 0

    def scores(self, users: UserHistories) -> Scores:
        """Score at random but for one item."""
        rows = users.rows.astype(np.int32)
        moments = rows * EVENTS + users.counts.astype(np.int32)
        pairs = np.repeat(moments, users.n_items), np.tile(np.arange(users.n_items), len(users))
        scores = shares(self.salt, *pairs).reshape(len(users), users.n_items)
        is_foreseen = shares(0, moments) >= MISSED
        # Whoever has taken all is asked at serving, when nothing is next.
        next_items = self.taken[rows, np.minimum(users.counts, EVENTS - 1)]
        is_known = (users.counts < EVENTS) & (next_items < users.n_items)
        at = np.flatnonzero(self.is_right_for(users) & is_foreseen & is_known)
        scores[at, next_items[at]] = HINT
        return scores

    def state(self) -> State:
        """Return nothing."""
        return {"nothing": np.zeros(1)}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make another."""
        return cls(config)

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Need none."""
        return 0


class _Noise(_Oracle):
    """Points at nothing."""

    salt = 2

    def is_right_for(self, users: UserHistories) -> np.ndarray:
        """Nobody."""
        return np.zeros(len(users), bool)


class _Tenth(_Oracle):
    """Points at the next item of a tenth of the users, and is silent for all others."""

    salt = 3

    def is_right_for(self, users: UserHistories) -> np.ndarray:
        """Those for whom `right` is not."""
        return users.rows % 10 == 0

    def scores(self, users: UserHistories) -> Scores:
        """Score the tenth alone."""
        scores = super().scores(users)
        scores[~self.is_right_for(users)] = np.nan
        return scores


@contextmanager
def planted_sources(data: Dataset) -> Iterator[tuple[SourceSettings, ...]]:
    """Register the sources of the world for a while.

    Args:
        data: made of `planted_interactions`.

    Yields:
        The sources, to be configured.
    """
    order, _ = data.by_user
    taken = data.items[order].reshape(data.n_users, EVENTS)
    registry.known()
    classes = {"right": _Oracle, "copy": _Oracle, "noise": _Noise, "tenth": _Tenth}
    for name, cls in classes.items():
        registry.register(name)(type(cls.__name__, (cls,), {"taken": taken}))
    try:
        yield tuple(SourceSettings(name=name) for name in PLANTED)
    finally:
        for name in classes:
            del registry._known[name]
