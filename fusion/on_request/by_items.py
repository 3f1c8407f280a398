"""A list from a few items, by every source to which they make a difference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags, Offsets, Rows, Scores
from fusion.core.grouped import ranks
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource
from fusion.ranking.features.rank_fusion import blend

BETWEEN = 1000
"""Milliseconds between two given items, the last of which is the newest."""


@dataclass(frozen=True)
class RankedItems:
    """Items, the best first.

    Attributes:
        items: (n,) int32.
        scores: (n,) float32, larger is better.
        sources: names of what ranks each best; empty where no source was asked.
    """

    items: Rows
    scores: Scores
    sources: tuple[str, ...] = ()


def history_of(items: Rows, as_of: int, weight: float, n_items: int) -> UserHistories:
    """Return a user whom nobody knows, with some items that they took one after the other.

    Args:
        items: (n,) int32, the newest last.
        as_of: their moment, ms.
        weight: of each event, in the unit of the data.
        n_items: items of the catalogue.

    Returns:
        A block of one user.
    """
    n = len(items)
    return UserHistories(
        rows=np.array([-1], np.int32),
        borders=np.array([0, n], np.int64),
        items=items.astype(np.int32),
        times=as_of - BETWEEN * np.arange(n, 0, -1, dtype=np.int64),
        weights=np.full(n, weight, np.float32),
        as_of=np.array([as_of], np.int64),
        n_items=n_items,
    )


def rank_by_items(
    sources: Sequence[FittedSource], user: UserHistories, allowed: Allowed, k: int
) -> RankedItems:
    """Rank items for a user by the fused ranks of the sources.

    A source that gives them what it gives somebody without a history, such as popularity, knows
    nothing of their taste, and would outvote those that do. It is asked only where no source
    knows any.

    Args:
        sources: fitted.
        user: a block of one user.
        allowed: items that may be listed.
        k: places of the list.

    Returns:
        At most k items.
    """
    nobody = UserHistories.unknown_user(int(user.as_of[0]), user.n_items)
    proposing = [source for source in sources if source.proposes]
    lists = [source.top(user, max(k, source.k), allowed).items[0] for source in proposing]
    if not lists:
        return RankedItems(np.empty(0, np.int32), np.empty(0, np.float32))
    pairs = _pairs(lists)
    scores = _columns(proposing, user, pairs)
    differs = ~_same(scores, _columns(proposing, nobody, pairs))
    if differs.any():
        # What only the others propose is no answer to these items.
        pairs = _pairs([one for one, is_asked in zip(lists, differs, strict=True) if is_asked])
        proposing = [one for one, is_asked in zip(proposing, differs, strict=True) if is_asked]
        scores = _columns(proposing, user, pairs)
    of_sources = np.column_stack([ranks(column, pairs.borders) for column in scores.T])
    fused = blend(of_sources)
    best = np.lexsort((pairs.items, -fused))[:k]
    firsts = np.argmin(np.nan_to_num(of_sources[best], nan=np.inf), axis=1)
    names = tuple(proposing[first].name for first in firsts)
    return RankedItems(pairs.items[best], fused[best], names)


def _pairs(lists: Sequence[Rows]) -> Pairs:
    """Return the candidates of one user, those of all lists."""
    candidates = np.unique(np.concatenate(lists))
    candidates = candidates[candidates >= 0].astype(np.int32)
    borders: Offsets = np.array([0, len(candidates)], np.int64)
    return Pairs(borders, candidates)


def _columns(sources: Sequence[FittedSource], user: UserHistories, pairs: Pairs) -> Scores:
    """Score the candidates by each source: (C, S)."""
    return np.column_stack([source.score_pairs(user, pairs) for source in sources])


def _same(one: Scores, other: Scores) -> Flags:
    """Tell which columns (S,) are equal."""
    equal: Flags = ((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=0)
    return equal
