"""From scored candidates to the rows to publish: the method's order, the rules, and what fills lists up."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.data.histories import UserHistories
from fusion.data.ranked_lists import RankedLists, backfill, top_k_lists
from fusion.lists.apply_rules import SPARE, RuleApplier
from fusion.lists.compiled_rules import Rules
from fusion.lists.mmr import ItemSimilarity
from fusion.models.base.recommender import Allowed, FitContext
from fusion.ranking.candidates import Candidates
from fusion.runs.context import RunContext


def user_groups(
    context: RunContext, users: Rows, rules: Rules | None = None
) -> Iterator[tuple[Rows, Allowed]]:
    """Cut `users` (n,) by what they may be shown when served, by `rules`."""
    allowed = context.allowed(context.plan.serving.cut)
    if rules is None:
        yield users, allowed
    else:
        yield from rules.user_groups(users, allowed)


@dataclass(frozen=True)
class ListBuilder:
    """Makes lists of blocks of users, size and reserve; `moved` counts what rules did."""

    context: RunContext
    rules: Rules | None
    similarity: ItemSimilarity | None = None
    moved: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, context: RunContext, rules: Rules | None, segment: str | None = None) -> Self:
        """As `rules` say, or those of them that act on the fallback list of a segment."""
        if rules is None or rules.empty:
            return cls(context, None)
        if segment:
            rules = rules.of_segment(segment)
        fit_context = FitContext(
            device=context.device, threads=context.threads, cache=context.store.root / "vectors"
        )
        return cls(
            context,
            rules,
            ItemSimilarity.of(context.data, rules.diversity, fit_context)
            if rules.diversity
            else None,
        )

    @property
    def size(self) -> int:
        """Rows of a list."""
        return self.context.config.lists.size + self.context.config.lists.reserve

    @property
    def depth(self) -> int:
        """Rows that a list is chosen from, where nothing else limits it."""
        return self.size if self.rules is None else max(self.size, SPARE)

    @cached_property
    def popular(self) -> Rows:
        """Items (I,) by known interactions, most first."""
        return np.argsort(-self.context.plan.serving.known.item_counts, kind="stable").astype(
            np.int32
        )

    def __call__(
        self, allowed: Allowed, found: Candidates, scores: Scores, fallback_scores: Scores
    ) -> RankedLists:
        """Lists of a block by `scores` (C,) of its candidates, where silent by `filler` (C,)."""
        borders = found.pairs.borders
        depth = (
            self.size
            if self.rules is None
            else max(self.size, int(np.diff(borders).max(initial=0)))
        )
        lists = top_k_lists(
            found.users.rows, borders, found.pairs.items, scores, fallback_scores, depth
        )
        return self.filled(allowed, self.ruled(allowed, lists, found.users), found.users)

    def ruled(self, allowed: Allowed, lists: RankedLists, users: UserHistories) -> RankedLists:
        """What rules make of whole orders (B, P)."""
        if self.rules is None:
            return lists
        spare, shown = self.popular[allowed.items[self.popular]], self.context.config.lists.size
        return RuleApplier(
            self.rules, allowed, spare, self.size, shown, self.similarity, self.moved
        )(lists, users)

    def marks(self, lists: RankedLists) -> Rows | None:
        """What rules put where it is (B, size), as `Rules.marks` says; None without rules."""
        return None if self.rules is None else self.rules.marks(lists.users, lists.items)

    def filled(self, allowed: Allowed, lists: RankedLists, users: UserHistories) -> RankedLists:
        """Lists filled up with what is popular where candidates ran out."""
        spare = self.popular[allowed.items[self.popular]]
        if self.rules is None:
            return backfill(lists, users, spare, seen_again=allowed.seen)
        blocked = self.rules.blocked
        return backfill(lists, users, spare[~blocked.items[spare]], allowed.seen, blocked.of_user)
