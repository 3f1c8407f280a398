"""The estimate of the lists that a training made."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Flags
from fusion.data.splitting.fold import Fold
from fusion.evaluation.estimate.estimate import Served, estimate_lists
from fusion.evaluation.estimate.places import ListedPlaces
from fusion.evaluation.estimate.report import EstimateReport
from fusion.evaluation.estimate.returning import ReturnShares
from fusion.evaluation.estimate.states import UserStates
from fusion.evaluation.evaluate import Verdict
from fusion.evaluation.promise.window_figure import PastWindow
from fusion.lists.first_places import PLACES
from fusion.ranking.method import RANKER
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder
from fusion.training.estimate.past_places import label_places
from fusion.training.ranker_stages import FittedRanker


def estimate_lists_of(
    context: RunContext,
    verdict: Verdict,
    tables: Sequence[Path],
    judged: FittedRanker,
    lists: ListsFolder,
    past: Sequence[PastWindow],
) -> EstimateReport | None:
    """Estimate what the lists of a run are worth to those who come back.

    Args:
        context: of the training.
        verdict: of the evaluation.
        tables: folders of the label folds' tables, oldest first, and the verdict's.
        judged: the ranker that the verdict judged.
        lists: that were made.
        past: what rows that need no ranker scored in past windows, oldest first.

    Returns:
        The estimate; None where the split is not by time, or past lists were hardly liked.
    """
    plan, window, method = context.plan, context.plan.window, verdict.choice.method
    if window is None or verdict.places is None:
        return None
    newest = label_places(context, method, tables, judged)
    listed = served_places(context, window, lists)
    folds = [*plan.labels, plan.verdict]
    shares = ReturnShares.fit([_came_back(context, window, fold) for fold in folds])
    n_lists = pl.scan_parquet(lists.lists).select(pl.col("user").n_unique()).collect().item()
    served = Served(listed, shares.of(listed.states), n_lists, window, method == RANKER)
    windows = [each for each in (newest, verdict.places) if each is not None]
    return estimate_lists(served, windows, past)


def served_places(context: RunContext, window: int, lists: ListsFolder) -> ListedPlaces:
    """Read the first places of the lists.

    Args:
        context: of the training.
        window: days.
        lists: that were made.

    Returns:
        Places of the users who were sampled.
    """
    rows = pl.read_parquet(lists.first_places)
    users, owners = np.unique(rows["user"].to_numpy(), return_inverse=True)
    z = np.zeros((len(users), PLACES), np.float32)
    filled = np.zeros((len(users), PLACES), bool)
    cells = owners, rows["rank"].to_numpy() - 1
    z[cells], filled[cells] = rows["z"].to_numpy(), True
    known, sparse = context.plan.serving.known, context.config.split.sparse
    return ListedPlaces(UserStates.of(known, users, window, sparse), z, filled)


def _came_back(context: RunContext, window: int, fold: Fold) -> tuple[UserStates, Flags]:
    """States of everybody with a history at a fold, and who of them had a label in it."""
    users = np.flatnonzero(fold.known.user_counts).astype(np.int32)
    states = UserStates.of(fold.known, users, window, context.config.split.sparse)
    return states, np.isin(users, fold.label_rows)
