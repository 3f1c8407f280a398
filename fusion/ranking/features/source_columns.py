"""Columns of the table that are about one source each."""

import numpy as np

from fusion.core.arrays import Scores
from fusion.core.grouped import zscores
from fusion.ranking.features.registry import FEATURES, FeatureBlock

SOURCE_COLUMNS = ("rank", "rr", "z", "proposed", "near")
"""What the table holds of each source, after its name and `_`."""
STEADY_OF_SOURCES = ("_rank", "_proposed")
"""Which of that is steady: `rr` says the same as `rank`; the spread of `z` follows how much happened lately."""


def source_columns(block: FeatureBlock) -> dict[str, Scores]:
    """Rank, reciprocal rank, z-score and proposal flag of every source, and likeness by those that know it, by name."""
    columns: dict[str, Scores] = {}
    for at, name in enumerate(block.found.names):
        rank = block.ranks[:, at]
        columns[f"{name}_rank"] = rank
        columns[f"{name}_rr"] = 1.0 / rank
        columns[f"{name}_z"] = zscores(
            block.found.scores[:, at], block.owners, len(block.found.users)
        )
        columns[f"{name}_proposed"] = (~np.isnan(block.found.places[:, at])).astype(np.float32)
        if name in block.found.near:
            columns[f"{name}_near"] = block.found.near[name]
    return columns


def source_of(column: str) -> str | None:
    """The source that a column of the table is about; None for a feature that is declared here."""
    source, _, what = column.rpartition("_")
    declared = any(column == one.name for one in FEATURES)
    return source if what in SOURCE_COLUMNS and not declared else None
