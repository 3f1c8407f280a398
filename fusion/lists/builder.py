"""From scored candidates to the rows to publish: the method's order, the rules, and backfill."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Self

import numpy as np

from fusion.core.arrays import DAY, Rows, Scores
from fusion.data.histories import UserHistories
from fusion.data.ranked_lists import RankedLists, backfill, top_k_lists
from fusion.data.segments import route_of
from fusion.lists.business_rules.apply_rules import N_POPULAR, RuleApplier
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.mmr import ItemSimilarity
from fusion.lists.exposure.fit import ListedBlock
from fusion.lists.exposure.prices import Prices
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.ranking.candidates import Candidates
from fusion.runs.context import RunContext


def serving_users(context: RunContext) -> tuple[Rows, Rows]:
    """Return the users to serve, with a list or with the fallback.

    Args:
        context: data and settings; `lists.users` may leave out users who were active, yet not
            lately. Cold users stay: their segment says which fallback serves them.

    Returns:
        Users (n,), and the route of each, an index into ROUTES.
    """
    known = context.plan.serving.known
    users = np.arange(known.n_users, dtype=np.int32)
    days = context.config.lists.active_days
    if days:
        is_active = context.data.last_times >= known.as_of - days * DAY
        is_cold = known.user_counts == 0
        users = users[is_active | is_cold]
    return users, route_of(known.user_counts[users], context.config.split.sparse)


def user_groups(
    context: RunContext, users: Rows, rules: Rules | None = None
) -> Iterator[tuple[Rows, Allowed]]:
    """Cut users into groups that may be shown the same items when served.

    Args:
        context: availability of items, and whether seen items may be listed again.
        users: rows (n,).
        rules: allow lists; None without rules.

    Yields:
        Users of a group, and what they may be shown.
    """
    allowed = context.allowed(context.plan.serving.cut)
    if rules is None:
        yield users, allowed
    else:
        yield from rules.user_groups(users, allowed)


@dataclass(frozen=True)
class ListBuilder:
    """Builds the lists of blocks of users, the reserve included.

    Attributes:
        context: data and settings.
        rules: what lists follow; None without rules.
        similarity: of items, where there is a rule for diversity.
        new_items: items without interactions that may be listed, in the order in which they
            complete lists; None for that of the items' table.
        prices: that keep limits of exposure; None without any.
        moved: rows by rule, counted up with every block.
    """

    context: RunContext
    rules: Rules | None
    similarity: ItemSimilarity | None = None
    prices: Prices | None = None
    new_items: Rows | None = None
    moved: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(
        cls, context: RunContext, rules: Rules | None, segments: Collection[str] | None = None
    ) -> Self:
        """Make a builder that follows rules.

        Args:
            context: data and settings.
            rules: what lists follow; None without rules.
            segments: for a fallback list, by the rules for these segments; None for users' lists.

        Returns:
            The builder; where a rule compares texts, they are encoded now.
        """
        if rules is None or rules.empty:
            return cls(context, None)
        if segments is not None:
            rules = rules.of_segments(segments)
        if rules.diversity is None:
            return cls(context, rules)
        fit_context = FitContext(
            device=context.device, threads=context.threads, cache=context.store.root / "vectors"
        )
        similarity = ItemSimilarity.of(context.data, rules.diversity, fit_context)
        return cls(context, rules, similarity)

    @property
    def size(self) -> int:
        """Rows of a list."""
        return self.context.config.lists.size + self.context.config.lists.reserve

    @property
    def depth(self) -> int:
        """Rows that a list without candidates is chosen from: rules need more than it has."""
        return self.size if self.rules is None else max(self.size, N_POPULAR)

    @cached_property
    def _popular(self) -> Rows:
        """Items by known interactions, most first; behind them those without any."""
        counts = self.context.plan.serving.known.item_counts
        popular = np.argsort(-counts, kind="stable").astype(np.int32)
        if self.new_items is None:
            return popular
        return np.append(popular[counts[popular] > 0], self.new_items)

    def _listable(self, allowed: Allowed) -> Rows:
        """Items that these users may be shown, most popular first."""
        return self._popular[allowed.items[self._popular]]

    def build(
        self, allowed: Allowed, candidates: Candidates, scores: Scores, fallback_scores: Scores
    ) -> RankedLists:
        """Build the lists of a block of users.

        Args:
            allowed: what they may be shown.
            candidates: C candidates of B users.
            scores: those of the method (C,), NaN where it is silent.
            fallback_scores: (C,) order the candidates that the method is silent on.

        Returns:
            Lists (B, size), short only where nothing else may be shown.
        """
        ranked = self._ranked(candidates, scores, fallback_scores)
        lists = self.apply_rules(allowed, ranked, candidates.users)
        return self._completed(allowed, lists, candidates.users)

    def _ranked(
        self, candidates: Candidates, scores: Scores, fallback_scores: Scores
    ) -> RankedLists:
        """Rank the candidates of a block by the method, as far down as rules may look."""
        borders = candidates.pairs.borders
        # Rules may bring up any candidate, so they see the whole order.
        n_candidates = int(np.diff(borders).max(initial=0))
        depth = self.size if self.rules is None else max(self.size, n_candidates)
        return top_k_lists(
            candidates.users.rows, borders, candidates.pairs.items, scores, fallback_scores, depth
        )

    def priced_block(
        self, allowed: Allowed, candidates: Candidates, scores: Scores, fallback_scores: Scores
    ) -> ListedBlock:
        """Keep of a block of users what makes their lists at any prices, under rules.

        Args:
            allowed: what they may be shown.
            candidates: C candidates of B users.
            scores: those of the method (C,), NaN where it is silent.
            fallback_scores: (C,) order the candidates that the method is silent on.

        Returns:
            The block; items that complete short lists are not in its lists.
        """
        ranked = self._ranked(candidates, scores, fallback_scores)
        # What rules move is counted when the lists are made, not while prices are tried.
        applier = replace(self._applier(allowed), moved=Counter())
        order = applier.ordered(ranked, candidates.users)
        widest = order.widest()
        # Below a cap any candidate may stand in for another: then all of them are kept.
        if not applier.rules.limits:
            order = order.pruned(applier.rules.exposure, self.size)
        return ListedBlock(order.users, partial(applier.listed, order), widest)

    def apply_rules(
        self, allowed: Allowed, lists: RankedLists, users: UserHistories
    ) -> RankedLists:
        """Apply the rules to whole orders.

        Args:
            allowed: what these users may be shown.
            lists: items in order (B, P), -1 past the end.
            users: histories of the same users.

        Returns:
            Lists (B, size), not yet completed; without rules the orders as they are.
        """
        if self.rules is None:
            return lists
        return self._applier(allowed).apply(lists, users)

    def _applier(self, allowed: Allowed) -> RuleApplier:
        assert self.rules is not None
        return RuleApplier(
            rules=self.rules,
            allowed=allowed,
            popular=self._listable(allowed),
            size=self.size,
            shown=self.context.config.lists.size,
            similarity=self.similarity,
            prices=self.prices,
            moved=self.moved,
        )

    def marks(self, lists: RankedLists) -> Rows | None:
        """Tell what put each listed item where it is.

        Args:
            lists: finished lists (B, size).

        Returns:
            Marks (B, size) as `Rules.marks` gives them; None without rules.
        """
        return None if self.rules is None else self.rules.marks(lists.users, lists.items)

    def _completed(self, allowed: Allowed, lists: RankedLists, users: UserHistories) -> RankedLists:
        """Complete lists by popular items where candidates ran out."""
        popular = self._listable(allowed)
        if self.rules is None:
            return backfill(lists, users, popular, seen_again=allowed.seen)
        blocked = self.rules.blocked
        open_items = popular[~blocked.items[popular]]
        return backfill(lists, users, open_items, allowed.seen, blocked.of_user)
