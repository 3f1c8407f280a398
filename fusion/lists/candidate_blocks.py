"""Blocks of candidates with their features, on their way to lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fusion.core.arrays import Rows, Scores, blocks
from fusion.core.parallel import BlockBudget
from fusion.lists.builder import user_groups
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource
from fusion.ranking.candidates import Candidates, block_users, candidate_blocks
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


@dataclass(frozen=True)
class BlockMeans:
    """Means by which blocks are made; none of them decides a bit of a list.

    Attributes:
        budget: memory of a block, and threads.
        statistics: of the items, over the serving fold's known interactions.
    """

    budget: BlockBudget
    statistics: ItemStatistics


def serving_blocks(
    context: RunContext,
    sources: Sequence[FittedSource],
    users: Rows,
    rules: Rules | None,
    means: BlockMeans | None = None,
) -> Iterator[CandidateBlock]:
    """Gather candidates with features, group by group of users and block by block.

    Args:
        context: data, folds and settings.
        sources: fitted on the serving fold.
        users: rows (n,).
        rules: allow lists; None without rules.
        means: by which blocks are made; None takes those of the training.

    Yields:
        Candidates of some users.
    """
    fold = context.plan.serving
    means = means or BlockMeans(context.block_budget, ItemStatistics(fold.known))
    for group, allowed in user_groups(context, users, rules):
        for candidates in candidate_blocks(sources, fold, group, allowed, means.budget):
            columns = feature_columns(candidates, means.statistics)
            yield CandidateBlock(allowed, candidates, columns)


def cut_users(
    context: RunContext, sources: Sequence[FittedSource], users: Rows, rules: Rules | None
) -> list[Rows]:
    """Cut users into the blocks that `serving_blocks` makes of them.

    Args:
        context: data, folds and settings.
        sources: fitted on the serving fold.
        users: rows (n,).
        rules: allow lists; None without rules.

    Returns:
        Users of each block, in their order. Of whole blocks that follow each other `serving_blocks`
        makes the same blocks again.
    """
    size = block_users(sources, context.block_budget.block_bytes)
    groups = user_groups(context, users, rules)
    return [group[block] for group, _ in groups for block in blocks(len(group), size)]
