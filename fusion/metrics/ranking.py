"""Ranking metrics of padded lists against held-out labels: full ranking, binary gain, no list counts 0."""

import numpy as np

from fusion.core.arrays import Flags, Offsets, Rows, Scores
from fusion.core.grouped import ascending

Columns = dict[str, Scores]
"""Metric name ("ndcg@10") -> one value per user (n,)."""


def hits_of(lists: Rows, users: Rows, label_users: Rows, label_items: Rows) -> tuple[Flags, Rows]:
    """Which places of the lists (n, k) of `users` (n,) hold a label, and how many labels each user has (n,).

    `users` ascending and unique; -1 in a list is an empty place.
    """
    span = np.int64(max(int(lists.max(initial=0)), int(label_items.max(initial=0))) + 1)
    wanted = label_users.astype(np.int64) * span + label_items
    keys = users[:, None].astype(np.int64) * span + lists
    hits: Flags = np.isin(keys, wanted) & (lists >= 0)
    mine = np.isin(label_users, users)
    place = np.searchsorted(users, label_users[mine])
    return hits, np.bincount(place, minlength=len(users)).astype(np.int32)


def ndcg(hits: Flags, counts: Rows, k: int) -> Scores:
    """Normalised discounted cumulative gain (n,) at k; users without labels get 0."""
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)
    ideal = np.append(0.0, np.cumsum(discounts))[np.minimum(counts, k)]
    gained = hits[:, :k] @ discounts[: hits.shape[1]]
    return np.divide(gained, ideal, out=np.zeros(len(hits)), where=ideal > 0).astype(np.float32)


def per_user(hits: Flags, counts: Rows, k: int) -> Columns:
    """Every metric at k for each user: ndcg, recall, precision, f1, map, mrr, hit."""
    top = hits[:, :k]
    found = top.sum(axis=1)
    places = np.arange(top.shape[1]) + 1.0
    precision = found / k
    recall = found / np.maximum(counts, 1)
    total = precision + recall
    average = (top * (np.cumsum(top, axis=1) / places)).sum(axis=1) / np.maximum(
        np.minimum(counts, k), 1
    )
    first = np.where(found > 0, 1.0 / (np.argmax(top, axis=1) + 1.0), 0.0)
    columns = {
        "ndcg": ndcg(hits, counts, k),
        "recall": recall,
        "precision": precision,
        "f1": np.divide(2 * precision * recall, total, out=np.zeros(len(hits)), where=total > 0),
        "map": average,
        "mrr": first,
        "hit": found > 0,
    }
    return {f"{name}@{k}": values.astype(np.float32) for name, values in columns.items()}


def auc(scores: Scores, labels: Rows, borders: Offsets) -> Scores:
    """Area under the ROC curve (n,) of each user's candidates, between `borders` (n + 1,) of scores and labels (C,).

    The chance that a label is scored above a candidate that is none, ties counting half. NaN is
    below everything and a tie with NaN. A user all or none of whose candidates are labels has no
    curve: NaN.
    """
    sizes = np.diff(borders)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    heard = np.where(np.isnan(scores), -np.inf, scores)
    order = ascending(heard, borders)
    same = (np.diff(owners[order]) == 0) & (heard[order][1:] == heard[order][:-1])
    tied = np.append(0, np.cumsum(~same)) if len(order) else order
    place = np.arange(len(order)) - np.repeat(borders[:-1], sizes) + 1.0
    middle = np.bincount(tied, place) / np.maximum(1, np.bincount(tied))
    hit = labels[order] > 0
    above = np.bincount(owners[order][hit], middle[tied][hit], minlength=len(sizes))
    ones = np.bincount(owners[order][hit], minlength=len(sizes)).astype(np.float64)
    pairs = ones * (sizes - ones)
    wins = above - ones * (ones + 1) / 2
    return np.divide(wins, pairs, out=np.full(len(sizes), np.nan), where=pairs > 0).astype(
        np.float32
    )
