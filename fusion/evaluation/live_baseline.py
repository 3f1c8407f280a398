"""The live run as training needs it: its method, its window, and its lists to compare with."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Plan
from fusion.metrics.bootstrap import Interval, paired_gap
from fusion.metrics.ranking import hits_of, ndcg
from fusion.runs.context import RunContext


@dataclass(frozen=True)
class LiveLists:
    """Lists of the live run by row numbers: 4 bytes a place, so that a training can carry them.

    Attributes:
        users: (m,), ascending.
        items: (m, k), best first; -1 where an id is unknown or a list ends.
    """

    users: Rows
    items: Rows

    @classmethod
    def none(cls) -> Self:
        """Return no lists, of a run that cannot be compared."""
        return cls(np.empty(0, np.int32), np.empty((0, 1), np.int32))

    def of_users(self, users: Rows) -> Rows:
        """Look up the lists of some users.

        Args:
            users: (n,).

        Returns:
            Lists (n, k); empty, -1 alone, for a user without one.
        """
        lists = np.full((len(users), self.items.shape[1]), -1, np.int32)
        if len(self.users):
            # A user past the last one would be looked up behind the end.
            places = np.minimum(np.searchsorted(self.users, users), len(self.users) - 1)
            has_list = self.users[places] == users
            lists[has_list] = self.items[places[has_list]]
        return lists

    @classmethod
    def of(cls, lists: pl.DataFrame, data: Dataset) -> Self:
        """Return lists by outside ids as lists by the row numbers of `data`.

        Args:
            lists: user_id, rank from 1, item_id; users that `data` does not know are left out.
            data: what is trained on now.

        Returns:
            The lists; without any row, those of `none`.
        """
        users, items = data.user_ids.rows(lists["user_id"]), data.item_ids.rows(lists["item_id"])
        known = users >= 0
        owners, owner_rows = np.unique(users[known], return_inverse=True)
        places = lists["rank"].to_numpy()[known] - 1
        padded = np.full((len(owners), int(places.max(initial=0)) + 1), -1, np.int32)
        padded[owner_rows, places] = items[known]
        return cls(owners.astype(np.int32), padded)


@dataclass(frozen=True)
class Live:
    """The live run.

    Attributes:
        run_id: its id.
        method: by which its lists are made.
        kind: of its split.
        window: days of its label windows; None where its split has none.
        as_of: ms, the end of what it knew.
        lists: what it shows, read before training begins.
        left_out: sources that it left out since they did not pay, with what they add; none where
            its sources are not those of now.
    """

    run_id: str
    method: str
    kind: str
    window: int | None
    as_of: int
    lists: LiveLists = field(default_factory=LiveLists.none)
    left_out: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class LiveComparison:
    """The chosen method against the live lists, on users whose labels the live run could not know.

    Attributes:
        gap: chosen minus live in NDCG@10, paired; None without such users.
        users: how many they are.
        ndcg: NDCG@10 of the live lists over them.
    """

    gap: Interval | None = None
    users: int = 0
    ndcg: float = 0.0


def judgeable(live: Live, plan: Plan) -> Flags:
    """Return which users can be judged by the live lists.

    Their verdict labels lie after everything the live run knew, so that its lists are a fair guess.
    A random split has no before and after: nobody can be judged.

    Args:
        live: the live run.
        plan: the folds of this training.

    Returns:
        (U,) bool.
    """
    if plan.kind == "random":
        return np.zeros(len(plan.verdict.as_of), bool)
    # Each user has a moment of their own in a `last` split, hence the comparison user by user.
    return plan.verdict.as_of >= live.as_of


def compare_with_live(
    chosen: Scores, users: Rows, context: RunContext, live: Live | None
) -> LiveComparison:
    """Compare the chosen method with the live lists on the same users and labels.

    Args:
        chosen: NDCG@10 of the chosen method (n,).
        users: those it is of (n,).
        context: data and folds of the run.
        live: the live run; None where nothing is live.

    Returns:
        The comparison, over those of the users who can be judged; empty without any.
    """
    if live is None:
        return LiveComparison()
    fold = context.plan.verdict
    fair = np.flatnonzero(judgeable(live, context.plan)[users])
    if not len(fair):
        return LiveComparison()
    lists = live.lists.of_users(users[fair])
    hits, counts = hits_of(lists, users[fair], fold.label_users, fold.label_items)
    live_ndcg = ndcg(hits, counts, 10)
    gap = paired_gap(chosen[fair], live_ndcg, context.config.seed)
    return LiveComparison(gap, len(fair), float(live_ndcg.mean()))
