"""What is known of users at a moment: their route, how much they liked lately, and how long ago."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import DAY, Flags, Rows
from fusion.data.dataset import Dataset
from fusion.data.segments import route_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UserStates:
    """State of n users when lists are made.

    Attributes:
        users: (n,) rows.
        routes: (n,) an index into `ROUTES`.
        recent: (n,) likes in the window before the moment.
        idle: (n,) windows since the last interaction.
    """

    users: Rows
    routes: Rows
    recent: Rows
    idle: Floats

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def of(cls, known: Dataset, users: Rows, window: int, sparse: int) -> Self:
        """Look users up in what is known at a moment.

        Args:
            known: interactions before its `as_of`.
            users: (n,) rows, each with an interaction.
            window: days.
            sparse: interactions from which a user is warm.

        Returns:
            Their states.
        """
        span = window * DAY
        is_recent = known.liked & (known.times >= known.as_of - span)
        recent = np.bincount(known.users[is_recent], minlength=known.n_users)
        return cls(
            users=users,
            routes=route_of(known.user_counts[users], sparse),
            recent=recent[users].astype(np.int32),
            idle=(known.as_of - known.last_times[users]) / span,
        )

    def take(self, chosen: Flags) -> "UserStates":
        """Select some of the users.

        Args:
            chosen: (n,).
        """
        return UserStates(
            self.users[chosen], self.routes[chosen], self.recent[chosen], self.idle[chosen]
        )
