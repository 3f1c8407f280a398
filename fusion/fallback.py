"""Fallback: what users without a history get, popular items of their segment or of all."""

import numpy as np
import polars as pl

from fusion.arrange import Lists
from fusion.arrays import Flags, Rows
from fusion.folds import Fold
from fusion.job import Job
from fusion.listing import Listing, audiences
from fusion.models.popularity import Popularity
from fusion.recommender import FitContext
from fusion.routes import user_segments
from fusion.users import Users

ALL = "all"


def fallback_lists(job: Job, fold: Fold) -> pl.DataFrame:
    """What is popular at the end of a fold, for all and for each segment: segment, rank from 1, item, score."""
    known, segments = fold.known, user_segments(job.data)
    tables = [_popular(job, fold, ALL, np.ones(len(known), bool))]
    for name in sorted(set(segments.drop_nulls())):
        tables.append(_popular(job, fold, name, (segments == name).fill_null(False).to_numpy()[known.users]))
    return pl.concat([table for table in tables if len(table)] or tables[:1])


def dealt_out(lists: pl.DataFrame, segments: pl.Series, size: int) -> Rows:
    """Lists (n, size), -1 where they end, for users by their segment (n,); that of all where it has none."""
    known = {
        segment: rows["item"].to_numpy()[:size] for (segment,), rows in lists.group_by("segment", maintain_order=True)
    }
    found = np.full((len(segments), size), -1, np.int32)
    for at, segment in enumerate(segments):
        items = known.get(segment, known.get(ALL, found[0, :0]))
        found[at, : len(items)] = items
    return found


def _popular(job: Job, fold: Fold, segment: str, events: Flags) -> pl.DataFrame:
    """Popular listable items among some of the interactions, best first; rules act on what is served alone."""
    data, allowed, listing = fold.known.take(events), job.allowed(fold.cut), Listing(job, None)
    nobody = np.zeros(1, np.int32)
    if fold is job.plan.serving:
        listing = Listing.of(job, segment)
        [(nobody, allowed)] = audiences(job, nobody, listing.rules)
    stranger = Users.stranger(data.as_of, data.n_items)
    best = Popularity().fit(data, FitContext()).top(stranger, listing.depth, allowed)
    lists = listing.ruled(allowed, Lists(nobody, best.items, best.scores), stranger)
    items = lists.items[0][lists.items[0] >= 0]
    ranks = np.arange(1, len(items) + 1, dtype=np.int32)
    return pl.DataFrame(
        {"segment": [segment] * len(items), "rank": ranks, "item": items, "score": lists.scores[0, : len(items)]}
    )
