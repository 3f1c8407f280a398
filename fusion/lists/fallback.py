"""Fallback: what users without a history get, popular items of their segment or of all."""

import numpy as np
import polars as pl

from fusion.core.arrays import Rows, Scores
from fusion.data.dataset import Dataset
from fusion.data.fold import Fold
from fusion.data.histories import UserHistories
from fusion.data.ranked_lists import RankedLists
from fusion.data.segments import user_segments
from fusion.data.topk import best
from fusion.lists.builder import ListBuilder, user_groups
from fusion.lists.compiled_rules import Rules
from fusion.models.base.recommender import FitContext
from fusion.models.popularity import Popularity
from fusion.runs.context import RunContext

ALL = "all"
PRIOR = 5.0
"""Interactions with an item that a segment must be expected to have until its own count of them weighs half."""


def fallback_lists(context: RunContext, fold: Fold, rules: Rules | None = None) -> pl.DataFrame:
    """What is popular at the end of a fold, for all and for each segment: segment, rank from 1, item, score.

    A segment's popularity is drawn towards everyone's, so that a small one falls back to nearly the
    list of all. One that took nothing has no list.
    """
    known, segments = fold.known, user_segments(context.data)
    everyone = _counts(known)
    tables = [_listed(context, fold, ALL, everyone, rules)]
    for name in sorted(set(segments.drop_nulls())):
        events = (segments == name).fill_null(False).to_numpy()[known.users]
        if events.any():
            tables.append(
                _listed(
                    context, fold, name, shrink_to(everyone, _counts(known.take(events))), rules
                )
            )
    return pl.concat([table for table in tables if len(table)] or tables[:1])


def shrink_to(everyone: Scores, segment: Scores) -> Scores:
    """Everyone's counts (I,) times how much more a segment with such counts (I,) takes of each item than everyone.

    That ratio, of what the segment took to what everyone's shares let expect of it, is drawn
    towards 1 by `PRIOR` interactions: the posterior mean where ratios are gamma and counts Poisson
    (DuMouchel, Bayesian Data Mining in Large Frequency Tables, The American Statistician 1999).
    NaN, nobody took it, stays NaN.
    """
    taken = np.nan_to_num(segment).astype(np.float64)
    expected = everyone * (taken.sum() / max(float(np.nansum(everyone, dtype=np.float64)), 1e-9))
    drawn: Scores = (everyone * (taken + PRIOR) / (expected + PRIOR)).astype(np.float32)
    return drawn


def assign_segment_lists(lists: pl.DataFrame, segments: pl.Series, size: int) -> Rows:
    """Lists (n, size), -1 where they end, for users by their segment (n,); that of all where it has none."""
    known = {
        segment: rows["item"].to_numpy()[:size]
        for (segment,), rows in lists.group_by("segment", maintain_order=True)
    }
    found = np.full((len(segments), size), -1, np.int32)
    for at, segment in enumerate(segments):
        items = known.get(segment, known.get(ALL, found[0, :0]))
        found[at, : len(items)] = items
    return found


def _counts(data: Dataset) -> Scores:
    """How often each item (I,) was taken, faded by its age; NaN where it never was."""
    return (
        Popularity()
        .fit(data, FitContext())
        .scores(UserHistories.unknown_user(data.as_of, data.n_items))[0]
    )


def _listed(
    context: RunContext, fold: Fold, segment: str, scores: Scores, rules: Rules | None
) -> pl.DataFrame:
    """The listable items with the highest scores (I,), best first; rules act on what is served alone."""
    allowed, builder = context.allowed(fold.cut), ListBuilder(context, None)
    nobody = np.zeros(1, np.int32)
    if fold is context.plan.serving:
        builder = ListBuilder.of(context, rules, segment)
        [(nobody, allowed)] = user_groups(context, nobody, builder.rules)
    top = best(np.where(allowed.items, scores, np.float32(np.nan))[None], builder.depth)
    unknown_user = UserHistories.unknown_user(fold.known.as_of, fold.known.n_items)
    lists = builder.ruled(allowed, RankedLists(nobody, top.items, top.scores), unknown_user)
    items = lists.items[0][lists.items[0] >= 0]
    ranks = np.arange(1, len(items) + 1, dtype=np.int32)
    return pl.DataFrame(
        {
            "segment": [segment] * len(items),
            "rank": ranks,
            "item": items,
            "score": lists.scores[0, : len(items)],
        }
    )
