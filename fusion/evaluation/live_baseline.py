"""What training must know of the run that is live: its method, its window, and its lists for a fair comparison."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan


@dataclass(frozen=True)
class Live:
    """The live run. `as_of` ms; `lists` gives (user_id, rank, item_id) when it is asked."""

    run_id: str
    method: str
    kind: str
    window: int | None
    as_of: int
    lists: Callable[[], pl.DataFrame]


def judgeable(live: Live, plan: Plan) -> Flags:
    """Users (U,) whose verdict labels lie after everything the live run knew, so that its lists are a fair guess.

    A random split has no before and after: nobody can be judged.
    """
    if plan.kind == "random":
        return np.zeros(len(plan.verdict.as_of), bool)
    return plan.verdict.as_of >= live.as_of


def padded_lists(lists: pl.DataFrame, data: Dataset) -> tuple[Rows, Rows]:
    """Users (m,), ascending, and their lists (m, k) by row numbers, -1 where an id is unknown or a list ends."""
    users, items = data.user_ids.rows(lists["user_id"]), data.item_ids.rows(lists["item_id"])
    known = users >= 0
    owners, at = np.unique(users[known], return_inverse=True)
    places = lists["rank"].to_numpy()[known] - 1
    padded = np.full((len(owners), int(places.max(initial=0)) + 1), -1, np.int32)
    padded[at, places] = items[known]
    return owners.astype(np.int32), padded
