"""Who comes back: the share of users in the same state who had a label in past windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.evaluation.estimate.states import Floats, UserStates

IDLE_RUNGS = 4
"""Rungs of users without a like in the last window: idle for 1, 2, 4, and 8 windows or more."""
RECENT_RUNGS = 6
"""Rungs of the others: from 1, 2, 4, 8, 16 and 32 likes on."""


@dataclass(frozen=True)
class ReturnShares:
    """Share of users who come back, by their state.

    Attributes:
        shares: (IDLE_RUNGS + RECENT_RUNGS,) by rung.
    """

    shares: Floats

    @classmethod
    def fit(cls, windows: Sequence[tuple[UserStates, Flags]]) -> Self:
        """Count in past windows.

        Args:
            windows: states of everybody with a history, and which of them (n,) had a label.

        Returns:
            The shares; a rung of few users is drawn to the share of all.
        """
        n_rungs = IDLE_RUNGS + RECENT_RUNGS
        users, back = np.zeros(n_rungs), np.zeros(n_rungs)
        for states, came_back in windows:
            rungs = _rungs(states)
            users += np.bincount(rungs, minlength=n_rungs)
            back += np.bincount(rungs, came_back, minlength=n_rungs)
        overall = back.sum() / max(users.sum(), 1)
        return cls((back + overall) / (users + 1))

    def of(self, states: UserStates) -> Floats:
        """Return the chance (n,) that each user comes back.

        Args:
            states: of n users.
        """
        chances: Floats = self.shares[_rungs(states)]
        return chances


def _rungs(states: UserStates) -> Rows:
    """Put users on a ladder (n,): the longest idle lowest, those who liked most lately on top."""
    idle = np.floor(np.log2(np.maximum(states.idle, 1)))
    below = IDLE_RUNGS - 1 - np.minimum(idle, IDLE_RUNGS - 1)
    likes = np.floor(np.log2(np.maximum(states.recent, 1)))
    above = IDLE_RUNGS + np.minimum(likes, RECENT_RUNGS - 1)
    return np.where(states.recent > 0, above, below).astype(np.int32)
