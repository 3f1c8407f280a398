"""Small rankers without some sources, and the lists that they make for users they never saw."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.config import RankerSettings
from fusion.core.arrays import Flags, Rows
from fusion.core.hashing import shares
from fusion.data.ranked_lists import top_k_lists
from fusion.errors import DataError
from fusion.metrics.ranking import hits_of, ndcg
from fusion.ranking.lightgbm_inputs import NDCG_CUTOFF
from fusion.ranking.ranker import Ranker
from fusion.ranking.ranker_training import refit
from fusion.ranking.sampling import training_set_rows
from fusion.ranking.source_removal import without_sources
from fusion.ranking.table import RankingTable, aligned
from fusion.training.contributions.defaults import DEFAULTS
from fusion.training.contributions.sample import FoldSample

Values = NDArray[np.float64]
"""NDCG@10 (repeats, n) of n users of folds, fold after fold, one row for each halving."""
HALF_SALT = 0x5A1F
"""Added to the seed and the number of a halving: who of all users is in the first half."""
SMALL_RANKER = RankerSettings(
    trees=DEFAULTS.trees,
    leaves=DEFAULTS.leaves,
    learning_rate=DEFAULTS.learning_rate,
    min_leaf=DEFAULTS.min_leaf,
    seeds=1,
    extra={"max_bin": DEFAULTS.bins},
)
"""Settings of every small ranker; those of the run's own do not change what a source adds."""


@dataclass(frozen=True)
class SmallRankers:
    """Lists without some of the sources, judged by users whom their rankers were not fitted on.

    Users are halved by hash, a ranker is fitted on each half of all folds and judged by the other,
    and that for several halvings: repeated two-fold cross-validation (Dietterich, "Approximate
    statistical tests for comparing supervised classification learning algorithms", 1998).

    Attributes:
        samples: users of the label folds.
        seed: of the run.
        threads: fits side by side, each of one thread; no bit depends on their number.
        repeats: halvings.
    """

    samples: Sequence[FoldSample]
    seed: int
    threads: int
    repeats: int = DEFAULTS.repeats

    @property
    def users(self) -> Rows:
        """The user (n,) of each value, fold after fold; a user of two folds stands twice."""
        return np.concatenate([sample.users for sample in self.samples])

    def values(self, removed: Collection[str]) -> Values:
        """Return the NDCG@10 of every user where some sources had never taken part.

        Args:
            removed: names of sources; at least one other is left.
        """
        tables = [without_sources(sample.table, removed) for sample in self.samples]

        def judged_half(repeat: int, by_first: bool) -> Values:
            return self._judge_half(tables, repeat, by_first)

        repeats = np.repeat(np.arange(self.repeats), 2)
        by_first = [True, False] * self.repeats
        with ThreadPoolExecutor(self.threads) as pool:
            halves = list(pool.map(judged_half, repeats.tolist(), by_first))
        # Those whom a ranker was fitted on have zeros in its row, so that both rows add up.
        return np.stack(halves).reshape(self.repeats, 2, -1).sum(axis=1)

    def _judge_half(
        self, tables: Sequence[RankingTable], repeat: int, fit_on_first: bool
    ) -> Values:
        """Fit on one half of the users; return the NDCG@10 (n,) of the other, 0 elsewhere."""
        learning, judged = [], []
        for table in tables:
            is_learning = self._in_first_half(table.group_users, repeat) == fit_on_first
            learning.append(table.take(is_learning))
            judged.append(table.take(~is_learning))
        ranker = self._fit(learning, repeat)
        if ranker is None:
            return np.zeros(len(self.users))
        pairs = zip(self.samples, judged, strict=True)
        return np.concatenate([judge(ranker, sample, table) for sample, table in pairs])

    def _in_first_half(self, users: Rows, repeat: int) -> Flags:
        """Return which users (n,) are in the first half, the same on every fold."""
        first: Flags = shares(self.seed + HALF_SALT + repeat, users) < 0.5
        return first

    def _fit(self, tables: Sequence[RankingTable], repeat: int) -> Ranker | None:
        """Fit a small ranker on a half of the users; None where they have no labels."""
        seed = self.seed + repeat
        try:
            flags = training_set_rows(tables, DEFAULTS.training_rows, seed)
        except DataError:
            return None
        training = [table.keep(rows) for table, rows in zip(tables, flags, strict=True)]
        return refit(training, SMALL_RANKER, SMALL_RANKER.trees, seed, threads=1)


def judge(ranker: Ranker, sample: FoldSample, table: RankingTable) -> Values:
    """Return the NDCG@10 (n,) of a ranker's lists for the users of a sample.

    Args:
        ranker: that orders the candidates.
        sample: users and all their labels, also those that nobody proposed.
        table: their candidates; a user without any has an empty list.
    """
    scores = ranker.score(aligned(table, ranker.columns))
    ranked = top_k_lists(table.group_users, table.borders, table.items, scores, scores, NDCG_CUTOFF)
    lists = np.full((len(sample.users), NDCG_CUTOFF), -1, np.int32)
    lists[np.searchsorted(sample.users, ranked.users)] = ranked.items
    hits, counts = hits_of(lists, sample.users, sample.label_users, sample.label_items)
    return ndcg(hits, counts, NDCG_CUTOFF).astype(np.float64)
