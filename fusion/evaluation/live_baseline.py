"""The live run as training needs it: its method, its window, and its lists to compare with."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.splitting.fold import Plan
from fusion.evaluation.promise.interval import RealisedPairs
from fusion.lists.live_lists import LiveLists
from fusion.metrics.bootstrap import Interval, paired_gap
from fusion.metrics.ranking import hits_of, ndcg
from fusion.runs.context import RunContext


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
        realised: what became of the promises of it and of the runs before.
    """

    run_id: str
    method: str
    kind: str
    window: int | None
    as_of: int
    lists: LiveLists = field(default_factory=LiveLists.none)
    left_out: dict[str, dict[str, Any]] = field(default_factory=dict)
    realised: RealisedPairs = field(default_factory=dict)


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
