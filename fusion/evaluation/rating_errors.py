"""Rating errors: RMSE and MAE of the weights that sources predict, beside two constants.

A source that predicts ratings (or hours, or amounts) must beat the mean weight and the item's mean
weight, or it has learned nothing about weights.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Rows, Scores, blocks
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Fold
from fusion.data.topk import Pairs
from fusion.evaluation.verdict_report import RatingErrors
from fusion.metrics.bootstrap import Interval, resampled_means
from fusion.models.base.fitted import FittedSource
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.folders import SourceKeys, TableFolder

MEAN, ITEM_MEAN = "mean_weight", "item_mean_weight"
"""Rows of the two constants: everything weighs the mean, or what its item weighs on average."""
PREDICTED_BY = SourceKeys("predicted by ")
"""Keys of the rows' predictions in their file."""
BLOCK_USERS = 2048
"""Users whose weights are predicted at once: bounds what a source holds in memory."""


def write_rating_errors(folder: Path, sources: Sequence[FittedSource], fold: Fold) -> None:
    """Write the weights that sources predict for each interaction held out, beside the true ones.

    All interactions count, liked or not: judged on what was liked alone, a source that predicts
    high weights for everything would look good.

    Args:
        folder: that of the fold's table; nothing is written where no source predicts weights.
        sources: fitted on the fold.
        fold: holds the interactions.

    Raises:
        SourceFailed: a source died while predicting.
    """
    held_out = fold.held_out
    if held_out is None or not len(held_out):
        return
    predicted: dict[str, Scores] = {}
    for source in sources:
        weights = _predicted_weights(source, fold, held_out)
        if weights is not None:
            predicted[source.name] = weights
    if not predicted:
        return
    order, _ = held_out.by_user
    predicted[ITEM_MEAN] = ItemStatistics(fold.known).mean_weights[held_out.items[order]]
    predicted[MEAN] = np.full(len(held_out), fold.known.weights.mean())
    columns = {"user": held_out.users[order], "weight": held_out.weights[order]}
    for name, values in predicted.items():
        columns[PREDICTED_BY.key(name)] = values.astype(np.float32)
    pl.DataFrame(columns).write_parquet(TableFolder(folder).predicted_ratings)


def _predicted_weights(source: FittedSource, fold: Fold, held_out: Dataset) -> Scores | None:
    """Predict the weights (E,) of all interactions held out, by user; None if the source cannot."""
    order, borders = held_out.by_user
    users = np.flatnonzero(held_out.user_counts).astype(np.int32)
    items = held_out.items[order]
    parts: list[Scores] = []
    for block in blocks(len(users), BLOCK_USERS):
        rows = users[block]
        # Interactions stand together by user: a block of users is one slice of them.
        start, end = borders[rows[0]], borders[rows[-1] + 1]
        pairs = Pairs(np.append(borders[rows], end) - start, items[start:end])
        histories = fold.known.users_at(rows, fold.as_of[rows])
        weights = source.predict_ratings(histories, pairs)
        if weights is None:
            return None
        parts.append(weights)
    return np.concatenate(parts)


def rating_error_report(folder: Path, seed: int) -> RatingErrors | None:
    """Compute RMSE and MAE of each source that predicts weights, and of the two constants.

    All rows are judged on the interactions that every one of them predicts; silent are the others,
    such as those of users without a history. Intervals are of one resample of users.

    Args:
        folder: that of the fold's table.
        seed: of the resample.

    Returns:
        Errors by row; None where no source predicts weights.
    """
    file = TableFolder(folder).predicted_ratings
    if not file.exists():
        return None
    frame = pl.read_parquet(file)
    columns = PREDICTED_BY.sources(frame.columns)
    predicted = frame.select(columns.values()).to_numpy().astype(np.float64)
    errors = predicted - frame["weight"].to_numpy()[:, None]
    # All rows are judged on the same events, or a source could gain by keeping silent.
    comparable = np.isfinite(errors).all(axis=1)
    n_events, n_silent = int(comparable.sum()), int((~comparable).sum())
    if not n_events:
        return RatingErrors(events=n_events, silent=n_silent)
    users, owners = np.unique(frame["user"].to_numpy()[comparable], return_inverse=True)
    rows = _errors_by_row(list(columns), errors[comparable], owners.astype(np.int32), seed)
    return RatingErrors(events=n_events, silent=n_silent, users=len(users), rows=rows)


def _errors_by_row(
    names: Sequence[str], errors: Scores, owners: Rows, seed: int
) -> dict[str, dict[str, Interval]]:
    """Summarise errors (E, M) of M rows with intervals; `owners` (E,) are their users.

    Means over events are ratios of sums over users: a resample of users changes how many events
    there are, so each draw divides by its own count.
    """
    n_rows = len(names)
    quantities = [*(errors**2).T, *np.abs(errors).T, np.ones(len(errors))]
    sums = np.column_stack([np.bincount(owners, values) for values in quantities])
    user_sums = sums.astype(np.float64)
    draws, whole = resampled_means(user_sums, seed), user_sums.mean(axis=0)
    # The last column counts events.
    means = whole[:-1] / whole[-1]
    mean_draws = draws[:, :-1] / draws[:, -1:]
    report = {}
    for index, name in enumerate(names):
        squared, absolute = index, n_rows + index
        rmse_draws = np.sqrt(mean_draws[:, squared])
        rmse = Interval.of(np.sqrt(means[squared]), rmse_draws)
        mae = Interval.of(means[absolute], mean_draws[:, absolute])
        report[name] = {"rmse": rmse, "mae": mae}
    return report
