"""What a history matrix holds when a source reads it: ones, damped weights or the weights themselves, fading or not."""

from typing import Literal

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from fusion.core.arrays import DAY
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.recommender import Recommender
from fusion.models.base.sparse_scores import places

Weighting = Literal["binary", "log", "raw"]


class HistorySettings(Settings):
    """How a source reads histories; the base of the settings of those that do."""

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
    """A source whose settings are `HistorySettings`."""

    def required(self) -> frozenset[str]:
        """Times too, where events fade."""
        return super().required() | (set() if self.config.half_life is None else {"times"})


def weigh(history: csr_array, weighting: Weighting) -> csr_array:
    """A copy of (B, I) histories with every stored weight w turned into 1, log(1 + w) or left as w."""
    weighed = history.copy()
    if weighting == "binary":
        weighed.data[:] = 1.0
    elif weighting == "log":
        weighed.data = np.log1p(np.maximum(weighed.data, 0.0))
    return weighed


def everyone(data: Dataset) -> UserHistories:
    """All users (U,) of the data, each as of their own last event: fading then never erases those who left long ago."""
    return data.users_at(np.arange(data.n_users, dtype=np.int32), data.last_times)


def profile(users: UserHistories, settings: HistorySettings) -> csr_array:
    """Histories (B, I) as a source reads them: cut to the last events, weighed, faded by age at `as_of`."""
    recent = users if settings.last is None else users.last(settings.last)
    weighed = weigh(recent.history, settings.weighting)
    if settings.half_life is not None:
        age = (recent.as_of[recent.owners] - recent.times) / DAY
        fading = np.zeros(weighed.nnz, np.float32)
        # The newest of repeated events decides how faint an item is.
        np.maximum.at(
            fading, places(weighed, recent.owners, recent.items), np.exp2(-age / settings.half_life)
        )
        weighed.data *= fading
    return weighed


def fit_profile(data: Dataset, settings: HistorySettings) -> csr_array:
    """Histories (U, I) of everyone as a fit reads them: the same, but never cut to the last events."""
    return profile(everyone(data), settings.model_copy(update={"last": None}))
