"""The serving ranker on the table of the verdict: whether it is broken, never how good it is."""

from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.hashing import shares
from fusion.data.ranked_lists import top_k_lists
from fusion.data.splitting.fold import Fold
from fusion.evaluation.serving.report import RankerReport
from fusion.metrics.bootstrap import paired_gap
from fusion.metrics.ranking import hits_of, ndcg
from fusion.ranking.folders import TableFolder
from fusion.ranking.method import RANDOM
from fusion.ranking.ranker import Ranker
from fusion.ranking.table import RankingTable, aligned
from fusion.ranking.table_file import read_lists, read_table

SAMPLE_USERS = 2000
"""Users scored, about: a mean NDCG is exact to 0.01 by then, and scoring them takes a second."""
PLACES = 10


def ranker_report(folder: Path, ranker: Ranker, fold: Fold, seed: int) -> RankerReport | None:
    """Score a table by a ranker that was fitted on it, beside the best source of the table.

    The table's source columns know none of its labels, but the ranker does. So it should be far
    above every source; where it is not, its fit or its file is broken.

    Args:
        folder: the verdict fold's table.
        ranker: that serves, or its twin.
        fold: of the verdict.
        seed: of the sample and the resamples.

    Returns:
        Both figures; None where nobody with a history has candidates.
    """
    users, source_lists = read_lists(folder)
    is_judged = (fold.known.user_counts[users] > 0) & sampled(users, seed)
    users = users[is_judged]
    wanted = _of_users(folder, users)
    if not wanted.any():
        return None
    table = read_table(folder, wanted)
    lists = _ranked(table, ranker.score(aligned(table, ranker.columns)), users)
    values = _ndcg(lists, users, fold)
    rivals = {
        name: _ndcg(rows[is_judged], users, fold)
        for name, rows in source_lists.items()
        if name != RANDOM
    }
    best = max(rivals, key=lambda name: float(rivals[name].mean()))
    return RankerReport(
        users=len(users),
        ndcg=float(values.mean()),
        source=best,
        source_ndcg=float(rivals[best].mean()),
        difference=paired_gap(values, rivals[best], seed),
    )


def sampled(users: Rows, seed: int, size: int = SAMPLE_USERS) -> Flags:
    """Mark about so many users, by hash: the same in every run.

    Args:
        users: (n,).
        seed: of the run.
        size: users wanted, about.

    Returns:
        Flags (n,); all of them where there are no more.
    """
    return shares(seed, users) < size / max(1, len(users))


def _of_users(folder: Path, users: Rows) -> Flags:
    """Mark the candidates (C,) of some users."""
    owners = pl.read_parquet(TableFolder(folder).candidates, columns=["user"])["user"]
    return np.isin(owners.to_numpy(), users)


def _ranked(table: RankingTable, scores: Scores, users: Rows) -> Rows:
    """Rank each user's candidates by scores (C,); users without candidates get empty lists."""
    ranked = top_k_lists(table.group_users, table.borders, table.items, scores, scores, PLACES)
    lists = np.full((len(users), PLACES), -1, np.int32)
    lists[np.searchsorted(users, ranked.users)] = ranked.items
    return lists


def _ndcg(lists: Rows, users: Rows, fold: Fold) -> Scores:
    """Compute NDCG@10 (n,) of lists."""
    hits, counts = hits_of(lists, users, fold.label_users, fold.label_items)
    return ndcg(hits, counts, PLACES)
