"""Compute all columns of a block of candidates, and tell steady columns from the others."""

from collections.abc import Iterable

import numpy as np

from fusion.core.arrays import Scores
from fusion.data.dataset import Dataset
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.registry import FAMILIES, FEATURES, Feature, FeatureBlock
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
    columns = source_columns(block)
    for feature in features_of(statistics.data):
        columns[feature.name] = feature.compute(block).astype(np.float32)
    return columns


def features_of(data: Dataset) -> list[Feature]:
    """List the features that a dataset has, beside the columns of sources.

    Args:
        data: any fold of it gives the same.

    Returns:
        Declared features of which it has all they need, then those of its own vectors and facts.
    """
    declared = [feature for feature in FEATURES if feature.needs <= data.capabilities]
    for family in FAMILIES:
        declared += family(data)
    return declared


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
