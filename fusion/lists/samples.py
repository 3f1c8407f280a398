"""Samples of users whose features and twin lists are kept beside the lists.

Features show whether serving sees what training saw (`fusion.evaluation.feature_shift`). The twin
is an A/A replicate of the ranker: how much its lists differ is what chance alone changes.
"""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Scores, contains
from fusion.core.hashing import shares
from fusion.lists.builder import ListBuilder, serving_users
from fusion.lists.candidate_blocks import CandidateBlock
from fusion.lists.stickiness import Stickiness
from fusion.ranking.method import BLEND, Method
from fusion.runs.context import RunContext
from fusion.runs.monitoring_samples import USER_ROW
from fusion.runs.run_folder import ListsFolder

SAMPLE_USERS = 2000
"""Users kept, about: enough for the shares of deciles, few enough to store with every run."""


def feature_sample(context: RunContext) -> Rows:
    """Sample users of the verdict table who get a list, by hash: the same in every run.

    Those whom the verdict fold did not know yet are left out: they have a history by now, and
    nearly all their cells would have moved.

    Args:
        context: data, folds and settings.

    Returns:
        Users, ascending.
    """
    fold = context.plan.verdict
    users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
    users = users[contains(serving_users(context)[0], users)]
    share = SAMPLE_USERS / max(1, len(users))
    return users[shares(context.config.seed, users) < share]


@dataclass
class SampleCollector:
    """Collects features and twin lists of sampled users, block by block.

    Attributes:
        users: the sample.
        method: how lists are made, with a twin if it is the ranker.
        builder: makes the twin's lists like those that are published.
        sticky: raises the items of live lists, in the twin's lists as in the published ones.
    """

    users: Rows
    method: Method
    builder: ListBuilder
    sticky: Stickiness
    _features: list[pl.DataFrame] = field(default_factory=list)
    _twins: list[pl.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Count what rules move in the twin's lists apart: it is not published."""
        self.builder = replace(self.builder, moved=Counter())

    def add_twins(self, block: CandidateBlock) -> None:
        """Collect the twin's lists of the sampled users of a block.

        Args:
            block: candidates of some users, as they are listed.
        """
        is_sampled, sampled = self._sampled(block)
        self._twins.append(self._twin_lists(block, is_sampled, self.method.twin_scores(sampled)))

    def add_features(self, block: CandidateBlock) -> None:
        """Collect the features of the sampled users of a block.

        Args:
            block: candidates of some users, under no allow list.
        """
        is_sampled, sampled = self._sampled(block)
        self._features.append(pl.DataFrame({USER_ROW: block.owners[is_sampled], **sampled}))

    def _sampled(self, block: CandidateBlock) -> tuple[Flags, dict[str, Scores]]:
        """Mark the candidates (C,) of sampled users, and take their features."""
        is_sampled = np.isin(block.owners, self.users)
        return is_sampled, {name: column[is_sampled] for name, column in block.columns.items()}

    def _twin_lists(
        self, block: CandidateBlock, is_sampled: Flags, twin_scores: Scores | None
    ) -> pl.DataFrame:
        """List the sampled users by the twin's scores of their candidates; empty without a twin."""
        if twin_scores is None:
            return _rows_of(np.empty(0, np.int32), np.empty((0, 0), np.int32))
        # The twin scores sampled users alone; the others' lists are made and dropped.
        scores = np.full(len(block.owners), np.nan, np.float32)
        scores[is_sampled] = twin_scores
        scores = self.sticky.raised(block.candidates, scores)
        lists = self.builder.build(block.allowed, block.candidates, scores, block.columns[BLEND])
        kept = np.isin(lists.users, block.owners[is_sampled])
        return _rows_of(lists.users[kept], lists.items[kept])

    def write(self, folder: ListsFolder) -> None:
        """Write the features and the twin's lists.

        Args:
            folder: that of the lists.
        """
        pl.concat(self._twins, rechunk=True).write_parquet(folder.twin)
        # Of a part of the users there are none under allow lists: they are sampled apart.
        if self._features:
            pl.concat(self._features, rechunk=True).write_parquet(folder.features)

    def take(self, part: ListsFolder) -> None:
        """Take what another process sampled.

        Args:
            part: where `write` wrote it.
        """
        self._twins.append(pl.read_parquet(part.twin))
        if part.features.exists():
            self._features.append(pl.read_parquet(part.features))


def _rows_of(users: Rows, items: Rows) -> pl.DataFrame:
    """Turn lists (n, size) of `users` (n,) into rows of user, rank and item."""
    owners, places = np.nonzero(items >= 0)
    ranks = (places + 1).astype(np.int32)
    return pl.DataFrame({"user": users[owners], "rank": ranks, "item": items[owners, places]})
