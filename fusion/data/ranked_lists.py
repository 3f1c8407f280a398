"""Lists: the best candidates of each user in the order of the chosen method, filled up where it is silent."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Offsets, Rows, Scores
from fusion.data.histories import UserHistories


@dataclass(frozen=True)
class RankedLists:
    """Lists of B users, padded: `items` (B, size) int32, -1 where there is no more; `scores` (B, size), NaN there."""

    users: Rows
    items: Rows
    scores: Scores


def top_k_lists(
    users: Rows, borders: Offsets, items: Rows, scores: Scores, fallback_scores: Scores, size: int
) -> RankedLists:
    """Order each user's candidates by `scores`, those it is silent on by `filler`, and keep `size`.

    `borders` (B + 1,) delimit each user's candidates in `items`, `scores` and `filler` (C,). Ties
    go to the lower item. Scores published for filled places continue below the user's lowest, since
    a score only orders one list.
    """
    owners = np.repeat(np.arange(len(users)), np.diff(borders))
    silent = ~np.isfinite(scores)
    order = np.lexsort((items, -np.where(silent, fallback_scores, scores), silent, owners))
    place = np.arange(len(order)) - borders[owners[order]]
    kept = order[place < size]
    rows, columns = owners[kept], place[place < size]
    listed = np.full((len(users), size), -1, np.int32)
    values = np.full((len(users), size), np.nan, np.float32)
    listed[rows, columns] = items[kept]
    values[rows, columns] = np.where(silent[kept], np.nan, scores[kept])
    return RankedLists(users, listed, descend(listed, values))


def backfill(
    lists: RankedLists,
    users: UserHistories,
    spare: Rows,
    seen_again: bool,
    refused: Callable[[int], Rows] | None = None,
) -> RankedLists:
    """Fill lists that came out short from `spare`, items most popular first, with what the user has not met.

    `refused` gives further items that a user, by row number, must not be shown.
    """
    items = lists.items.copy()
    for row in np.flatnonzero((items < 0).any(axis=1)):
        listed = items[row][items[row] >= 0]
        met = (
            listed
            if seen_again
            else np.append(listed, users.items[users.borders[row] : users.borders[row + 1]])
        )
        met = np.append(met, refused(int(lists.users[row]))) if refused else met
        more = spare[~np.isin(spare, met)][: items.shape[1] - len(listed)]
        items[row, len(listed) : len(listed) + len(more)] = more
    return RankedLists(lists.users, items, descend(items, lists.scores))


def descend(listed: Rows, values: Scores) -> Scores:
    """Give filled places scores that keep falling by one below the last real score (or from 0)."""
    filled = (listed >= 0) & np.isnan(values)
    lowest = np.nanmin(np.where(np.isnan(values), np.inf, values), axis=1, initial=np.inf)
    lowest = np.where(np.isfinite(lowest), lowest, 0.0)
    below = np.cumsum(filled, axis=1)
    return np.where(filled, lowest[:, None] - below, values).astype(np.float32)
