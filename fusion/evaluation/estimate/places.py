"""First places of lists with what is known of each, and with the likes that a window brought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.ranked_lists import top_k_lists, z_scores
from fusion.data.splitting.fold import Fold
from fusion.evaluation.estimate.states import Floats, UserStates
from fusion.lists.first_places import PLACES, drawn_users
from fusion.metrics.ranking import hits_of, rank_discounts
from fusion.ranking.method import BLEND
from fusion.ranking.table import RankingTable
from fusion.runs.context import RunContext

DISCOUNTS = rank_discounts(PLACES)
"""What each place weighs in DCG."""
IDEALS = np.append(0.0, np.cumsum(DISCOUNTS))
"""Largest DCG by the number of labels."""


@dataclass(frozen=True)
class ListedPlaces:
    """The first places of n users' lists.

    Attributes:
        states: of the users.
        z: (n, PLACES) scores in deviations above the mean of the user's candidates.
        filled: (n, PLACES) whether a place holds an item.
    """

    states: UserStates
    z: Scores
    filled: Flags

    def take(self, chosen: Flags) -> "ListedPlaces":
        """Select some of the users.

        Args:
            chosen: (n,).
        """
        return ListedPlaces(self.states.take(chosen), self.z[chosen], self.filled[chosen])


@dataclass(frozen=True)
class LabelledPlaces:
    """The same for users who came back in a window that has passed.

    Attributes:
        name: of the fold.
        listed: places of n users with a history and a label.
        hits: (n, PLACES) whether the user liked the item of a place.
        labels: (n,) labels of each user, in their list or not.
    """

    name: str
    listed: ListedPlaces
    hits: Flags
    labels: Rows

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def ideals(self) -> Floats:
        """Largest DCG (n,) that a list of each user could have."""
        ideals: Floats = IDEALS[np.minimum(self.labels, PLACES)]
        return ideals

    @classmethod
    def of(
        cls,
        context: RunContext,
        fold: Fold,
        table: RankingTable,
        scores: Mapping[str, Scores],
        method: str,
    ) -> Self | None:
        """List the users of a fold by a method, as they would have been served.

        Args:
            context: of the training.
            fold: whose labels count; known interactions end where they begin.
            table: its candidates.
            scores: (C,) by row, of the method and of the blend at least.
            method: that lists are made by.

        Returns:
            Places of users with a history; None where the split is not by time.
        """
        window, config = context.plan.window, context.config
        if window is None:
            return None
        users = table.group_users
        lists = top_k_lists(
            users, table.borders, table.items, scores[method], scores[BLEND], PLACES
        )
        z = z_scores(lists.scores, table.borders, scores[method])
        chosen = fold.known.user_counts[users] > 0
        chosen[chosen] = drawn_users(users[chosen], config.seed)
        items = lists.items[chosen]
        hits, labels = hits_of(items, users[chosen], fold.label_users, fold.label_items)
        states = UserStates.of(fold.known, users[chosen], window, config.split.sparse)
        return cls(fold.name, ListedPlaces(states, z[chosen], items >= 0), hits, labels)
