"""Ranked lists: each user's best candidates, completed where the chosen method is silent."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Offsets, Rows, Scores
from fusion.data.histories import UserHistories

TINY = 1e-12
"""A spread of scores that stands for none, which nothing can be divided by."""


@dataclass(frozen=True)
class RankedLists:
    """Lists of B users, best first.

    Attributes:
        users: (B,) int32.
        items: (B, size) int32; -1 past the end of a short list.
        scores: (B, size) float32; NaN there.
    """

    users: Rows
    items: Rows
    scores: Scores


def top_k_lists(
    users: Rows, borders: Offsets, items: Rows, scores: Scores, fallback_scores: Scores, size: int
) -> RankedLists:
    """Rank each user's candidates, and keep the best.

    Candidates with a score come first, then those the method is silent on, by their fallback
    score. Ties go to the lower item. The published scores of silent candidates continue below the
    user's lowest one, since a score only orders one list.

    Args:
        users: (B,) int32.
        borders: (B + 1,) int64; user b's candidates stand at borders[b]:borders[b + 1].
        items: (C,) int32.
        scores: (C,) float32; what is not finite is silent.
        fallback_scores: (C,) float32; orders the silent ones, NaN last.
        size: places of a list.

    Returns:
        Lists (B, size).
    """
    owners = np.repeat(np.arange(len(users)), np.diff(borders))
    silent = ~np.isfinite(scores)
    sort_scores = np.where(silent, fallback_scores, scores)
    # `lexsort` reads its keys from the last: by owner, scored before silent, score, item.
    order = np.lexsort((items, -sort_scores, silent, owners))
    begins = borders[owners[order]]
    place = np.arange(len(order)) - begins
    listed = place < size
    kept = order[listed]
    cells = owners[kept], place[listed]
    list_items = np.full((len(users), size), -1, np.int32)
    list_scores = np.full((len(users), size), np.nan, np.float32)
    list_items[cells] = items[kept]
    list_scores[cells] = np.where(silent[kept], np.nan, scores[kept])
    return RankedLists(users, list_items, descend(list_items, list_scores))


def backfill(
    lists: RankedLists,
    users: UserHistories,
    fallback_items: Rows,
    seen_again: bool,
    blocked_for: Callable[[int], Rows] | None = None,
) -> RankedLists:
    """Complete lists that came out short.

    Args:
        lists: lists of the users of `users`, in the same order.
        users: their histories.
        fallback_items: (n,) int32, most popular first.
        seen_again: items of a user's history may be listed.
        blocked_for: gives further items that a user, by row number, must not be shown.

    Returns:
        The lists, completed as far as the fallback items reach.
    """
    items = lists.items.copy()
    n_places = items.shape[1]
    # Few lists come out short, so a loop over them costs little.
    for position in np.flatnonzero((items < 0).any(axis=1)):
        listed = items[position][items[position] >= 0]
        excluded = listed
        if not seen_again:
            history = slice(users.borders[position], users.borders[position + 1])
            excluded = np.append(excluded, users.items[history])
        if blocked_for:
            user = int(lists.users[position])
            excluded = np.append(excluded, blocked_for(user))
        fresh = fallback_items[~np.isin(fallback_items, excluded)]
        more = fresh[: n_places - len(listed)]
        items[position, len(listed) : len(listed) + len(more)] = more
    return RankedLists(lists.users, items, descend(items, lists.scores))


def descend(listed: Rows, values: Scores) -> Scores:
    """Give scores to listed items without one, so that scores fall along each list.

    Args:
        listed: (B, size) int32; -1 is an empty place.
        values: (B, size) float32; NaN where the item has no score, or there is none.

    Returns:
        (B, size) float32; one less at each step below the user's lowest score, or below 0.
    """
    without_score = (listed >= 0) & np.isnan(values)
    scored = np.where(np.isnan(values), np.inf, values)
    lowest = np.nanmin(scored, axis=1, initial=np.inf)
    base = np.where(np.isfinite(lowest), lowest, 0.0)
    steps = np.cumsum(without_score, axis=1)
    return np.where(without_score, base[:, None] - steps, values).astype(np.float32)


def z_scores(listed: Scores, borders: Offsets, scores: Scores) -> Scores:
    """Standardise the scores of listed items among their user's candidates.

    Args:
        listed: (B, k) scores of the places of B users, NaN where a place is empty.
        borders: (B + 1,) int64; user b's candidates stand at borders[b]:borders[b + 1].
        scores: (C,) scores of the candidates; what is not finite is passed over.

    Returns:
        (B, k) float32: deviations above the mean of the user's candidates; 0 where all of them
        score alike or the place is empty.
    """
    owners = np.repeat(np.arange(len(listed)), np.diff(borders))
    is_scored = np.isfinite(scores)
    owners, values = owners[is_scored], scores[is_scored].astype(np.float64)
    counts = np.maximum(np.bincount(owners, minlength=len(listed)), 1)
    means = np.bincount(owners, values, minlength=len(listed)) / counts
    # Around the mean, as squares of large scores would leave no digits of their differences.
    squares = np.bincount(owners, (values - means[owners]) ** 2, minlength=len(listed))
    deviations = np.sqrt(squares / counts)[:, None]
    above = listed - means[:, None]
    spread = np.broadcast_to(deviations > TINY, above.shape)
    standardised = np.divide(above, deviations, out=np.zeros(above.shape), where=spread)
    return np.nan_to_num(standardised).astype(np.float32)
