"""The run that is live, as training needs it: its method, its window, and its lists to compare with."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan


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

    @classmethod
    def of(cls, lists: pl.DataFrame, data: Dataset) -> Self:
        """Return lists by outside ids as lists by the row numbers of `data`.

        Args:
            lists: user_id, rank from 1, item_id; users that `data` does not know are left out.
            data: what is trained on now.
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
        method: by which its lists are made.
        kind: of its split.
        window: days of its label windows; None where its split has none.
        as_of: ms, the end of what it knew.
        lists: what it shows, read before training begins.
    """

    run_id: str
    method: str
    kind: str
    window: int | None
    as_of: int
    lists: LiveLists = field(default_factory=LiveLists.none)


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
    return plan.verdict.as_of >= live.as_of
