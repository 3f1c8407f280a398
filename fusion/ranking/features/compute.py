"""Compute all columns of a block of candidates, and tell steady columns from the others."""

from collections.abc import Iterable

import numpy as np

from fusion.core.arrays import Scores
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.registry import FEATURES, FeatureBlock
from fusion.ranking.features.source_columns import STEADY_KINDS, source_column, source_columns


def feature_columns(candidates: Candidates, statistics: ItemStatistics) -> dict[str, Scores]:
    """Compute every feature of a block's candidates.

    Args:
        candidates: C candidates of a block of users.
        statistics: item statistics of the fold's known interactions.

    Returns:
        Name -> values (C,) float32, in a fixed order: the sources' columns, then declared features
        that the data has all they need for. A value that one candidate lacks is NaN.
    """
    block = FeatureBlock(candidates, statistics)
    capabilities = statistics.data.capabilities
    columns = source_columns(block)
    for feature in FEATURES:
        if feature.needs <= capabilities:
            columns[feature.name] = feature.compute(block).astype(np.float32)
    return columns


def steady_columns(names: Iterable[str]) -> list[str]:
    """Return the columns whose distribution should be the same in the next window.

    Args:
        names: names of a table's columns.

    Returns:
        Those of declared steady features and of steady kinds of sources' columns, in their order.
    """
    steady_features = {feature.name for feature in FEATURES if feature.steady}
    steady = []
    for name in names:
        column = source_column(name)
        is_steady_kind = column is not None and column.kind in STEADY_KINDS
        if name in steady_features or is_steady_kind:
            steady.append(name)
    return steady
