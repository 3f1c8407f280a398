"""Parts of the judged users, routes and segments: how many there are, and how well every row serves them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.data.fold import Fold
from fusion.metrics.bootstrap import Interval, resampled_means
from fusion.metrics.ranking import hits_of, ndcg, per_user

CUTOFFS = (10, 20)
DIGITS = 6
"""Of figures without an interval: a manifest holds fourteen of each row for each of up to a hundred segments."""
Hits = Mapping[str, tuple[Flags, Rows]]
"""Row name -> which places of its lists (n, k) hold a label, and how many labels each user has (n,)."""


def hits_by_row(users: Rows, rows: Mapping[str, Rows], fold: Fold) -> Hits:
    """Hits of each row's lists (n, k) of `users` (n,), ascending, among the fold's labels."""
    return {
        name: hits_of(lists, users, fold.label_users, fold.label_items)
        for name, lists in rows.items()
    }


def among(hits: Hits, mine: Flags) -> Hits:
    """The same for some of the users (n,)."""
    return {name: (places[mine], counts[mine]) for name, (places, counts) in hits.items()}


def metrics_by_segment(hits: Hits, parts: Mapping[str, Flags], seed: int) -> dict[str, Any]:
    """Figures of each part of the users (n,) that has any."""
    return {name: figures(among(hits, mine), seed) for name, mine in parts.items() if mine.any()}


def figures(hits: Hits, seed: int) -> dict[str, Any]:
    """`users`, at least one, and under `rows` every metric of every row at 10 and 20, NDCG@10 with its interval.

    One resample of the users serves all rows, so that their intervals are of the same draws.
    """
    found = {
        name: {
            key: float(column.mean()) for k in CUTOFFS for key, column in per_user(*of, k).items()
        }
        for name, of in hits.items()
    }
    judged = np.column_stack([ndcg(*of, 10) for of in hits.values()])
    draws = resampled_means(judged, seed)
    rows = {
        name: {key: round(value, DIGITS) for key, value in row.items()}
        | {"ndcg@10": Interval.of(row["ndcg@10"], drawn).as_dict()}
        for (name, row), drawn in zip(found.items(), draws.T, strict=True)
    }
    return {"users": len(judged), "rows": rows}
