"""What the ranker learned of each prior: how much it counts, and in which direction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fusion.core.arrays import Flags
from fusion.data.priors import ItemPrior
from fusion.ranking.features.side_columns import prior_column
from fusion.ranking.ranker import Ranker
from fusion.ranking.table_file import read_columns, read_table

MOST_CANDIDATES = 5_000
"""Candidates of a prior whose scores are taken apart: the mean of more would say the same."""


@dataclass(frozen=True)
class PriorEffect:
    """A prior as the ranker weighs it.

    Attributes:
        name: in the configuration.
        candidates: share of the verdict's candidates that it speaks of: items that it is about, of
            users who have taken what it names.
        importance: its share of the ranker's total gain.
        effect: what it adds to the scores of these candidates on average, by TreeSHAP: above 0
            they gain by it, below 0 they lose; None where there are none.
    """

    name: str
    candidates: float
    importance: float
    effect: float | None


def prior_effects(
    priors: Sequence[ItemPrior], folder: Path, ranker: Ranker
) -> tuple[PriorEffect, ...]:
    """Measure priors on the verdict fold's table.

    Args:
        priors: of the data.
        folder: the table.
        ranker: that was trained on the label folds.

    Returns:
        One for each prior.
    """
    if not priors:
        return ()
    columns = [prior_column(prior.name) for prior in priors]
    concerned = [read_columns(folder, (column,)).column(column) > 0 for column in columns]
    table = read_table(folder, np.logical_or.reduce([_sample(each) for each in concerned]))
    features = {name: table.column(name) for name in table.columns}
    contributions = ranker.contributions(features) if len(table.items) else None
    importance = ranker.importance()
    effects = []
    for prior, column, rows in zip(priors, columns, concerned, strict=True):
        effect = None
        if rows.any() and contributions is not None:
            added = contributions[:, ranker.columns.index(column)]
            effect = float(added[features[column] > 0].mean(dtype=np.float64))
        share = float(rows.mean()) if len(rows) else 0.0
        effects.append(PriorEffect(prior.name, share, importance[column], effect))
    return tuple(effects)


def _sample(rows: Flags) -> Flags:
    """Take so many of the rows, at equal distances."""
    places = np.flatnonzero(rows)
    is_taken = np.zeros(len(rows), bool)
    step = -(-len(places) // MOST_CANDIDATES)
    is_taken[places[:: max(1, step)]] = True
    return is_taken
