"""Blocks of candidates with their features, on their way to lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fusion.core.arrays import Rows, Scores
from fusion.lists.builder import user_groups
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource
from fusion.ranking.candidates import Candidates, candidate_blocks
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.runs.context import RunContext


@dataclass(frozen=True)
class CandidateBlock:
    """Candidates of a block of users, on their way to lists.

    Attributes:
        allowed: what these users may be shown.
        candidates: C candidates.
        columns: their features (C,) by name.
    """

    allowed: Allowed
    candidates: Candidates
    columns: dict[str, Scores]

    @property
    def owners(self) -> Rows:
        """User of each candidate (C,)."""
        return self.candidates.users.rows[self.candidates.pairs.owners]


def serving_blocks(
    context: RunContext, sources: Sequence[FittedSource], users: Rows, rules: Rules | None
) -> Iterator[CandidateBlock]:
    """Gather candidates with features, group by group of users and block by block.

    Args:
        context: data, folds and settings.
        sources: fitted on the serving fold.
        users: rows (n,).
        rules: allow lists; None without rules.

    Yields:
        Candidates of some users.
    """
    fold = context.plan.serving
    statistics = ItemStatistics(fold.known)
    for group, allowed in user_groups(context, users, rules):
        for candidates in candidate_blocks(sources, fold, group, allowed, context.block_budget):
            columns = feature_columns(candidates, statistics)
            yield CandidateBlock(allowed, candidates, columns)
