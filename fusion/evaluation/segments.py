"""Metrics by segment: how well every row serves parts of the judged users."""

from collections.abc import Mapping

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.splitting.fold import Fold
from fusion.evaluation.verdict_report import SegmentReport
from fusion.metrics.bootstrap import Interval, resampled_means
from fusion.metrics.ranking import hits_of, ndcg, per_user

CUTOFFS = (10, 20)
"""Places that metrics look at: a first screen, and a list of the default size."""
DIGITS = 6
"""Decimals of figures without an interval: a manifest holds fourteen of each row for each of up to
a hundred segments."""
Hits = Mapping[str, tuple[Flags, Rows]]
"""Row name -> places (n, k) of its lists that hold a label, and labels of each user (n,)."""


def hits_by_row(users: Rows, rows: Mapping[str, Rows], fold: Fold) -> Hits:
    """Mark the places of every row's lists that hold a label of the fold.

    Args:
        users: (n,) ascending.
        rows: lists (n, k) by row name.
        fold: holds the labels.

    Returns:
        Hits (n, k) and labels (n,) by row name.
    """
    return {
        name: hits_of(lists, users, fold.label_users, fold.label_items)
        for name, lists in rows.items()
    }


def among(hits: Hits, members: Flags) -> Hits:
    """Select the hits of a part of the users.

    Args:
        hits: of n users.
        members: which of them (n,).

    Returns:
        Hits of these users alone.
    """
    return {name: (places[members], counts[members]) for name, (places, counts) in hits.items()}


def metric_columns(places: Flags, counts: Rows) -> dict[str, Scores]:
    """Compute every metric of one row for each user.

    Args:
        places: which places (n, k) hold a label.
        counts: labels of each user (n,).

    Returns:
        Values (n,) by metric, "ndcg@10" first.
    """
    columns: dict[str, Scores] = {}
    for k in CUTOFFS:
        columns |= per_user(places, counts, k)
    return columns


def metrics_by_segment(
    hits: Hits, segments: Mapping[str, Flags], seed: int
) -> dict[str, SegmentReport]:
    """Compute the mean metrics of every row for each segment.

    Args:
        hits: of n users.
        segments: members (n,) by segment; one without any is left out.
        seed: of the resamples.

    Returns:
        Figures by segment.
    """
    return {
        name: figures(among(hits, members), seed)
        for name, members in segments.items()
        if members.any()
    }


def figures(hits: Hits, seed: int) -> SegmentReport:
    """Compute the mean metrics of every row, NDCG@10 with its interval.

    One resample of the users serves all rows, so that their intervals are of the same draws.

    Args:
        hits: of n users, at least one.
        seed: of the resample.

    Returns:
        Means at 10 and 20, rounded where they have no interval.
    """
    rows: dict[str, dict[str, float | Interval]] = {}
    # The resample draws users with all their rows, so that rows stay paired.
    judged = np.column_stack([ndcg(places, counts, 10) for places, counts in hits.values()])
    draws = resampled_means(judged, seed)
    for index, (name, (places, counts)) in enumerate(hits.items()):
        columns = metric_columns(places, counts)
        means = {metric: float(values.mean()) for metric, values in columns.items()}
        row: dict[str, float | Interval] = {
            metric: round(mean, DIGITS) for metric, mean in means.items()
        }
        row["ndcg@10"] = Interval.of(means["ndcg@10"], draws[:, index])
        rows[name] = row
    return SegmentReport(users=len(judged), rows=rows)
