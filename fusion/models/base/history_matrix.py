"""History matrices as sources read them: ones, damped weights or weights, decayed by age or not."""

from typing import Literal

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from fusion.core.arrays import DAY, Rows
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.recommender import Recommender
from fusion.models.base.sparse_scores import cell_positions

Weighting = Literal["binary", "log", "raw"]


class HistorySettings(Settings):
    """Settings of sources that read histories as a matrix."""

    weighting: Weighting = Field(
        "binary", description="what a history holds: binary, log or raw weights"
    )
    last: int | None = Field(
        None, ge=1, description="score from only this many newest events; default: all"
    )
    half_life: float | None = Field(
        None,
        gt=0,
        description="days after which an event counts half, in fits and scores; default: never",
    )


class HistoryMatrixModel(Recommender):
    """Base of sources whose settings are `HistorySettings`."""

    def required(self) -> frozenset[str]:
        """Return the capabilities needed; events that decay need times as well."""
        decays = self.config.half_life is not None
        return super().required() | ({"times"} if decays else set())


def weigh(history: csr_array, weighting: Weighting) -> csr_array:
    """Turn the weights of a history matrix into what a source reads.

    Args:
        history: (B, I) weights, summed over repeats.
        weighting: "binary": ones; "log": log(1 + weight), negative weights as 0; "raw": as is.

    Returns:
        A copy (B, I) with the same stored cells.
    """
    weighted = history.copy()
    if weighting == "binary":
        weighted.data[:] = 1.0
    elif weighting == "log":
        # Below -1 the logarithm is not a number; no interest is the least there can be.
        weighted.data = np.log1p(np.maximum(weighted.data, 0.0))
    return weighted


def all_users(data: Dataset) -> UserHistories:
    """Return the histories of all users, each as of their own last event.

    As of the end of the data, decay would erase everyone who left long ago.

    Args:
        data: interactions of U users.

    Returns:
        U users with their histories.
    """
    order, borders = data.by_user
    # As `users_at` gathers any block of users, without a position for each event.
    return UserHistories(
        rows=np.arange(data.n_users, dtype=np.int32),
        borders=borders,
        items=data.items[order],
        times=data.times[order],
        weights=data.weights[order],
        as_of=data.last_times,
        n_items=data.n_items,
    )


def profile(users: UserHistories, settings: HistorySettings) -> csr_array:
    """Make the history matrix that a source scores from.

    Args:
        users: B users with their histories.
        settings: which events count, and how much.

    Returns:
        (B, I) float32: cut to the newest events, weighted, decayed by age at `as_of`.
    """
    recent = users if settings.last is None else users.last(settings.last)
    weighted = weigh(recent.history, settings.weighting)
    if settings.half_life is not None:
        age_days = (recent.as_of[recent.owners] - recent.times) / DAY
        event_decay = np.exp2(-age_days / settings.half_life)
        cells = cell_positions(weighted, recent.owners, recent.items)
        decay = np.zeros(weighted.nnz, np.float32)
        # Of repeated events the newest decides how much an item decays.
        np.maximum.at(decay, cells, event_decay)
        weighted.data *= decay
    return weighted


def fit_profile(data: Dataset, settings: HistorySettings) -> csr_array:
    """Make the history matrix that a source is fitted on.

    Args:
        data: interactions of U users.
        settings: how much an event counts.

    Returns:
        (U, I) float32: as `profile` gives it, but never cut to the newest events.
    """
    uncut = settings.model_copy(update={"last": None})
    return profile(all_users(data), uncut)


def item_rows_with_history(data: Dataset) -> Rows:
    """Return the items that have at least one interaction.

    Args:
        data: interactions of I items.

    Returns:
        Item rows int32, ascending.
    """
    return np.flatnonzero(data.item_counts).astype(np.int32)
