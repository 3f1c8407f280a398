"""Fallback lists: popular items of a segment, or of all, for users without a history."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from fusion.core.arrays import Rows, Scores
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.ranked_lists import RankedLists, descend
from fusion.data.splitting.fold import Fold
from fusion.data.topk import best
from fusion.lists.builder import ListBuilder, user_groups
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.list_segments import ALL, FallbackSegment, fallback_segments
from fusion.lists.fallback.new_items import NewItems
from fusion.models.base.fit_context import FitContext
from fusion.models.popularity import Popularity
from fusion.runs.context import RunContext

PRIOR = 5.0
"""Interactions with an item that a segment must be expected to have until its own count of them
weighs half: with fewer, a ratio says more of chance than of taste."""


def fallback_lists(context: RunContext, fold: Fold, rules: Rules | None = None) -> pl.DataFrame:
    """Make the lists of popular items at the end of a fold, for all and for each segment.

    A segment's popularity is shrunk to everyone's, so that a small one gets nearly the list of all.

    Args:
        context: data and settings.
        fold: the verdict or the serving fold.
        rules: what lists follow when served; None without rules.

    Returns:
        Rows of segment, rank from 1, item and score. A segment without interactions has none, but
        under an allow list for it.
    """
    known = fold.known
    everyone = popularity_of(known)
    maker = _ListMaker(context, fold, rules)
    lists = []
    for segment in fallback_segments(context.data, maker.rules):
        has_events = segment.users[known.users]  # by interaction, as `take` wants it
        if segment.name == ALL:
            lists.append(maker.make(segment, everyone))
        elif has_events.any():
            scores = shrink_to(everyone, popularity_of(known.take(has_events)))
            lists.append(maker.make(segment, scores))
        elif maker.is_restricted(segment):
            # Without a list of its own it would be served what it may not be shown.
            lists.append(maker.make(segment, everyone))
    # An empty frame has other dtypes; it stays only where nothing at all can be listed.
    return pl.concat([rows for rows in lists if len(rows)] or lists[:1])


def shrink_to(everyone: Scores, segment: Scores) -> Scores:
    """Shrink a segment's popularity to everyone's.

    Everyone's counts are multiplied by how much more the segment takes of each item than everyone.
    That ratio, of the segment's count to what everyone's shares let expect of it, is shrunk to 1 by
    `PRIOR` interactions: the posterior mean where ratios are gamma and counts Poisson (DuMouchel,
    Bayesian Data Mining in Large Frequency Tables, The American Statistician 1999).

    Args:
        everyone: counts (I,) of all users, faded by age; NaN for an item without any.
        segment: those of the segment (I,).

    Returns:
        Counts (I,) as if of everyone; NaN where everyone's are.
    """
    counts = np.nan_to_num(segment).astype(np.float64)
    everyone_total = max(float(np.nansum(everyone, dtype=np.float64)), 1e-9)
    expected = everyone * (counts.sum() / everyone_total)
    shrunk: Scores = (everyone * (counts + PRIOR) / (expected + PRIOR)).astype(np.float32)
    return shrunk


def assign_segment_lists(lists: pl.DataFrame, segments: pl.Series, size: int) -> Rows:
    """Give each user the list of their segment, or that of all where it has none.

    Args:
        lists: rows as `fallback_lists` gives them.
        segments: of each user (n,).
        size: places of a list.

    Returns:
        Lists (n, size), -1 past the end.
    """
    items_of: dict[object, Rows] = {}
    for (segment,), rows in lists.group_by("segment", maintain_order=True):
        items_of[segment] = rows["item"].to_numpy()[:size]
    everyone = items_of.get(ALL, np.empty(0, np.int32))
    assigned = np.full((len(segments), size), -1, np.int32)
    for index, segment in enumerate(segments):
        items = items_of.get(segment, everyone)
        assigned[index, : len(items)] = items
    return assigned


def popularity_of(data: Dataset) -> Scores:
    """Count interactions of each item, faded by age.

    Args:
        data: what is known.

    Returns:
        Counts (I,) as of its moment; NaN for an item without any.
    """
    model = Popularity().fit(data, FitContext())
    return model.scores(UserHistories.unknown_user(data.as_of, data.n_items))[0]


@dataclass(frozen=True)
class _ListMaker:
    """Makes the lists of segments.

    Attributes:
        context: data and settings.
        fold: the verdict or the serving fold.
        given: rules that lists follow when served; None without rules.
    """

    context: RunContext
    fold: Fold
    given: Rules | None

    @property
    def rules(self) -> Rules | None:
        """Rules of these lists: the verdict judges methods without any."""
        return self.given if self.fold is self.context.plan.serving else None

    @cached_property
    def _new_items(self) -> NewItems:
        """Items that nobody has taken; texts are read once for all segments."""
        return NewItems.of(self.fold.known, self.context.allowed(self.fold.cut).items)

    def is_restricted(self, segment: FallbackSegment) -> bool:
        """Tell whether an allow list is for a segment."""
        entries = self.rules.allow if self.rules else ()
        return any(entry.segment in segment.values for entry in entries)

    def make(self, segment: FallbackSegment, scores: Scores) -> pl.DataFrame:
        """List the items with the highest scores (I,) that may be listed, best first.

        Behind them come items that nobody has taken, where rules may need them or nothing else is
        left.
        """
        known = self.fold.known
        builder = ListBuilder.of(self.context, self.rules, segment.values)
        user = np.zeros(1, np.int32)  # rules of a segment are for a single user, row 0
        allowed = self.context.allowed(self.fold.cut)
        if builder.rules is not None:
            [(user, allowed)] = user_groups(self.context, user, builder.rules)
            allowed = replace(allowed, items=allowed.items & ~builder.rules.blocked.items)
        # NaN is silent: what may not be listed is never among the best.
        allowed_scores = np.where(allowed.items, scores, np.float32(np.nan))
        top = best(allowed_scores[None], builder.depth)
        ranked = RankedLists(user, top.items, top.scores)
        is_empty = top.items[0] < 0
        if is_empty.all() or (builder.rules is not None and is_empty.any()):
            new = self._new_items.ordered(scores)
            ranked = _followed_by(ranked, new[allowed.items[new]])
        history = UserHistories.unknown_user(known.as_of, known.n_items)
        lists = builder.apply_rules(allowed, ranked, history)
        return _rows(segment.name, lists)


def _followed_by(ranked: RankedLists, items: Rows) -> RankedLists:
    """Fill the empty places of one list (1, P) with items, with scores that fall on."""
    listed = ranked.items.copy()
    empty = np.flatnonzero(listed[0] < 0)[: len(items)]
    listed[0, empty] = items[: len(empty)]
    return RankedLists(ranked.users, listed, descend(listed, ranked.scores))


def _rows(segment: str, lists: RankedLists) -> pl.DataFrame:
    """Turn the list (1, P) of a segment into rows."""
    items = lists.items[0][lists.items[0] >= 0]
    ranks = np.arange(1, len(items) + 1, dtype=np.int32)
    columns = {
        "segment": [segment] * len(items),
        "rank": ranks,
        "item": items,
        "score": lists.scores[0, : len(items)],
    }
    return pl.DataFrame(columns)
