"""Ranking metrics of lists against held-out labels.

The whole catalogue is ranked, never a sample of negatives, which would change the order of methods
(Krichene and Rendle, "On sampled metrics for item recommendation", KDD 2020). Gain is binary: a
label counts 1, whatever its weight. A user without a list counts 0 in every metric, so that being
silent is no way to a good mean. Lists are padded with -1.
"""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Offsets, Rows, Scores
from fusion.core.grouped import ascending

Columns = dict[str, Scores]
"""Metric name ("ndcg@10") -> one value per user (n,)."""


def hits_of(lists: Rows, users: Rows, label_users: Rows, label_items: Rows) -> tuple[Flags, Rows]:
    """Compare lists with labels.

    Args:
        lists: item rows (n, k), best first, -1 for an empty place.
        users: user row (n,) of each list, ascending and unique.
        label_users: user row (m,) of each label; of other users too.
        label_items: item row (m,) of each label.

    Returns:
        Which places (n, k) hold a label of their user, and how many labels each user has (n,).
    """
    largest_item = max(int(lists.max(initial=0)), int(label_items.max(initial=0)))
    n_items = np.int64(largest_item + 1)
    # One number for each pair of a user and an item, so that one search compares all pairs.
    label_keys = label_users.astype(np.int64) * n_items + label_items
    list_keys = users[:, None].astype(np.int64) * n_items + lists
    # The key of an empty place, one below its user's first item, may be another user's label.
    hits: Flags = np.isin(list_keys, label_keys) & (lists >= 0)
    has_list = np.isin(label_users, users)
    owners = np.searchsorted(users, label_users[has_list])
    n_labels = np.bincount(owners, minlength=len(users)).astype(np.int32)
    return hits, n_labels


def rank_discounts(k: int) -> NDArray[np.float64]:
    """Return what the places (k,) of a list weigh in DCG: 1 / log2(rank + 1), ranks from 1.

    Args:
        k: places.
    """
    weights: NDArray[np.float64] = 1.0 / np.log2(np.arange(k) + 2.0)
    return weights


def ndcg(hits: Flags, counts: Rows, k: int) -> Scores:
    """Compute the normalised discounted cumulative gain at k of each user, with binary gain.

    DCG is the sum of 1 / log2(place + 1) over the places from 1 to k that hold a label; it is
    divided by that of a list which begins with all of the user's labels. Järvelin and Kekäläinen,
    "Cumulated gain-based evaluation of IR techniques", ACM TOIS 2002.

    Args:
        hits: which places (n, any number) hold a label; places that are not there hold none.
        counts: labels (n,) of each user.
        k: places that count.

    Returns:
        Values (n,) float32 in [0, 1]; 0 for users without a list and for users without labels.
    """
    discounts = rank_discounts(k)
    ideal_by_count = np.append(0.0, np.cumsum(discounts))
    ideal = ideal_by_count[np.minimum(counts, k)]
    gained = hits[:, :k] @ discounts[: hits.shape[1]]
    return _divide(gained, ideal, otherwise=0.0).astype(np.float32)


def _divide(
    numerators: NDArray[np.float64], denominators: NDArray[np.float64], otherwise: float
) -> NDArray[np.float64]:
    """Divide where the denominator is above 0; elsewhere give `otherwise`."""
    quotients = np.full(len(numerators), otherwise)
    return np.divide(numerators, denominators, out=quotients, where=denominators > 0)


def per_user(hits: Flags, counts: Rows, k: int) -> Columns:
    """Compute every metric at k for each user.

    With h hits among the first k places and c labels: recall h / c, precision h / k also for
    shorter lists, f1 their harmonic mean, hit 1 where h > 0, mrr 1 / place of the first hit, map
    the sum of the precisions at the places of hits over min(c, k).

    Args:
        hits: which places (n, at least 1) hold a label.
        counts: labels (n,) of each user.
        k: places that count.

    Returns:
        Name with cutoff, such as "ndcg@10" -> values (n,) float32; 0 for users without a list and
        for users without labels.
    """
    top = hits[:, :k]
    n_hits = top.sum(axis=1)
    places = np.arange(top.shape[1]) + 1.0
    precision = n_hits / k
    recall = n_hits / np.maximum(counts, 1)
    f1 = _divide(2 * precision * recall, precision + recall, otherwise=0.0)
    precision_at_hits = top * (np.cumsum(top, axis=1) / places)
    most_hits = np.maximum(np.minimum(counts, k), 1)
    average_precision = precision_at_hits.sum(axis=1) / most_hits
    first_place = np.argmax(top, axis=1) + 1.0
    reciprocal_rank = np.where(n_hits > 0, 1.0 / first_place, 0.0)
    columns = {
        "ndcg": ndcg(hits, counts, k),
        "recall": recall,
        "precision": precision,
        "f1": f1,
        "map": average_precision,
        "mrr": reciprocal_rank,
        "hit": n_hits > 0,
    }
    return {f"{name}@{k}": values.astype(np.float32) for name, values in columns.items()}


def auc(scores: Scores, labels: Rows, borders: Offsets) -> Scores:
    """Compute the area under the ROC curve of each user's candidates.

    It is the chance that a label is scored above a candidate that is none, ties counting half: the
    Mann-Whitney statistic over its largest value (Hanley and McNeil, "The meaning and use of the
    area under a ROC curve", Radiology 1982).

    Args:
        scores: scores (C,); NaN is below everything and a tie with NaN.
        labels: labels (C,), above 0 for a label.
        borders: where each user's candidates begin and end (n + 1,).

    Returns:
        Values (n,) float32; NaN for a user all or none of whose candidates are labels, who has no
        curve.
    """
    sizes = np.diff(borders)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    values = np.where(np.isnan(scores), -np.inf, scores)
    order = ascending(values, borders)
    ordered_owners = owners[order]
    ordered_values = values[order]
    is_label = labels[order] > 0
    label_owners = ordered_owners[is_label]
    mean_ranks = _mean_ranks(ordered_values, ordered_owners, borders)
    rank_sums = np.bincount(label_owners, mean_ranks[is_label], minlength=len(sizes))
    n_labels = np.bincount(label_owners, minlength=len(sizes)).astype(np.float64)
    n_pairs = n_labels * (sizes - n_labels)
    # U of Mann and Whitney: the labels' ranks less those they would have as the lowest of all.
    lowest_rank_sums = n_labels * (n_labels + 1) / 2
    n_wins = rank_sums - lowest_rank_sums
    return _divide(n_wins, n_pairs, otherwise=np.nan).astype(np.float32)


def _mean_ranks(
    ordered_values: Scores, ordered_owners: Offsets, borders: Offsets
) -> NDArray[np.float64]:
    """Return the rank (C,) from 1 of ascending values within their owner, the mean of a tie's."""
    n_values = len(ordered_values)
    if not n_values:
        return np.empty(0)
    same_owner = np.diff(ordered_owners) == 0
    same_value = ordered_values[1:] == ordered_values[:-1]
    # Every value that is not tied with the one before begins another group.
    tie_groups = np.append(0, np.cumsum(~(same_owner & same_value)))
    first_positions = np.repeat(borders[:-1], np.diff(borders))
    ranks = np.arange(n_values) - first_positions + 1.0
    mean_of_group = np.bincount(tie_groups, ranks) / np.bincount(tie_groups)
    mean_ranks: NDArray[np.float64] = mean_of_group[tie_groups]
    return mean_ranks
