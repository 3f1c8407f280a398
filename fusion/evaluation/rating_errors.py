"""Weights that sources tell of what a fold held out: RMSE and MAE, beside two constants that any source must beat."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fusion.core.arrays import Rows, Scores, blocks
from fusion.data.dataset import Dataset
from fusion.data.fold import Fold
from fusion.data.topk import Pairs
from fusion.metrics.bootstrap import Interval, resampled_means
from fusion.models.base.fitted import FittedSource
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.folders import SourceKeys, TableFolder

MEAN, ITEM_MEAN = "mean_weight", "item_mean_weight"
PREDICTED_BY = SourceKeys("told by ")
"""Keys of the sources' predictions in their file."""
BLOCK = 2048
"""Users asked about at once."""


def write_rating_errors(folder: Path, sources: Sequence[FittedSource], fold: Fold) -> None:
    """Write `told.parquet`: user, weight and what is told of each interaction held out; nothing where nobody tells.

    Liked or not: a weight judged on what was liked alone would flatter whoever tells high ones.
    """
    if fold.held_out is None or not len(fold.held_out):
        return
    held_out, known = fold.held_out, ItemStatistics(fold.known)
    order, _ = held_out.by_user
    told = {
        source.name: found
        for source in sources
        if (found := _told_by(source, fold, held_out)) is not None
    }
    if not told:
        return
    told |= {
        ITEM_MEAN: known.mean_weights[held_out.items[order]],
        MEAN: np.full(len(held_out), fold.known.weights.mean()),
    }
    columns = {PREDICTED_BY.key(name): values.astype(np.float32) for name, values in told.items()}
    pl.DataFrame(
        {"user": held_out.users[order], "weight": held_out.weights[order], **columns}
    ).write_parquet(TableFolder(folder).predicted_ratings)


def _told_by(source: FittedSource, fold: Fold, held_out: Dataset) -> Scores | None:
    """Weights (E,) that a source tells of all interactions held out, by user; None where it tells none."""
    order, borders = held_out.by_user
    users = np.flatnonzero(held_out.user_counts).astype(np.int32)
    items = held_out.items[order]
    parts: list[Scores] = []
    for part in blocks(len(users), BLOCK):
        rows = users[part]
        first, end = borders[rows[0]], borders[rows[-1] + 1]
        pairs = Pairs(np.append(borders[rows], end) - first, items[first:end])
        found = source.predict_ratings(fold.known.users_at(rows, fold.as_of[rows]), pairs)
        if found is None:
            return None
        parts.append(found)
    return np.concatenate(parts)


def rating_error_report(folder: Path, seed: int) -> dict[str, Any] | None:
    """RMSE and MAE of each source that tells weights, of the items' means and of the mean; None where nobody tells.

    `events`: the interactions that every row says something of, on which all are judged; `silent`:
    the others, such as those of users without a history. Intervals are of one resample of users.
    """
    file = TableFolder(folder).predicted_ratings
    if not file.exists():
        return None
    frame = pl.read_parquet(file)
    keys = PREDICTED_BY.sources(frame.columns)
    errors = (
        frame.select(keys.values()).to_numpy().astype(np.float64)
        - frame["weight"].to_numpy()[:, None]
    )
    heard = np.isfinite(errors).all(axis=1)
    found = {"events": int(heard.sum()), "silent": int((~heard).sum()), "users": 0, "rows": {}}
    if not heard.any():
        return found
    users, owners = np.unique(frame["user"].to_numpy()[heard], return_inverse=True)
    intervals = _intervals(errors[heard], owners.astype(np.int32), seed)
    rows = dict(zip(keys, intervals, strict=True))
    return {**found, "users": len(users), "rows": rows}


def _intervals(errors: Scores, owners: Rows, seed: int) -> list[dict[str, dict[str, float]]]:
    """RMSE and MAE with intervals of each column of errors (E, M) that belong to users `owners` (E,)."""
    kinds = [*(errors**2).T, *np.abs(errors).T, np.ones(len(errors))]
    sums = np.column_stack([np.bincount(owners, values) for values in kinds]).astype(np.float64)
    draws, whole = resampled_means(sums, seed), sums.mean(axis=0)
    means, drawn, n = whole[:-1] / whole[-1], draws[:, :-1] / draws[:, -1:], errors.shape[1]
    return [
        {
            "rmse": Interval.of(np.sqrt(means[at]), np.sqrt(drawn[:, at])).as_dict(),
            "mae": Interval.of(means[n + at], drawn[:, n + at]).as_dict(),
        }
        for at in range(n)
    ]
