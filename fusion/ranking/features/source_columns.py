"""Columns of the table that are about one source each: their names, kinds and values."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fusion.core.arrays import Scores
from fusion.core.grouped import zscores
from fusion.ranking.features.registry import FEATURES, FeatureBlock


class ColumnKind(StrEnum):
    """Kinds of columns that the table holds of each source; the value ends the stored name."""

    RANK = "rank"
    """Rank of the candidate by the source's score, from 1, among the user's candidates."""
    RECIPROCAL_RANK = "rr"
    """One over that rank."""
    Z_SCORE = "z"
    """Distance of the source's score from its mean over the user's candidates, in deviations."""
    PROPOSED = "proposed"
    """1 where the source's own list of its best k holds the item, else 0."""
    SIMILARITY = "near"
    """Similarity of the item to the user's history; only of sources that compute one."""


STEADY_KINDS = frozenset({ColumnKind.RANK, ColumnKind.PROPOSED})
"""Kinds whose distribution stays the same from one window to the next.

The reciprocal rank says the same as the rank, and the spread of z-scores follows how much happened
lately.
"""


@dataclass(frozen=True)
class SourceColumn:
    """A column of the table that is about one source.

    Attributes:
        source: name of the source as configured.
        kind: what the column says of the source.
    """

    source: str
    kind: ColumnKind

    @property
    def name(self) -> str:
        """The name under which tables and importances store the column."""
        return f"{self.source}_{self.kind}"


def source_column(name: str) -> SourceColumn | None:
    """Recognise a column that is about one source by its stored name.

    Args:
        name: name of a column as stored in a table.

    Returns:
        The source and the kind; None for a declared feature, even one that ends like a kind
        ("best_rank"), and for anything else.
    """
    # From the right, since a source's name may hold underscores itself.
    source, _, ending = name.rpartition("_")
    is_declared = any(name == feature.name for feature in FEATURES)
    if not source or is_declared or ending not in set(ColumnKind):
        return None
    return SourceColumn(source, ColumnKind(ending))


def columns_of_kind(names: Iterable[str], kind: ColumnKind) -> dict[str, int]:
    """Return where the columns of one kind stand, by source.

    Args:
        names: names of a table's columns, in order.
        kind: the kind to look for.

    Returns:
        Source name -> index of its column, in the table's order of columns.
    """
    indices: dict[str, int] = {}
    for index, name in enumerate(names):
        column = source_column(name)
        if column is not None and column.kind == kind:
            indices[column.source] = index
    return indices


def source_columns(block: FeatureBlock) -> dict[str, Scores]:
    """Compute the columns of every source that proposes.

    Args:
        block: candidates of a block of users.

    Returns:
        Stored name -> values (C,) float32, source after source; NaN where a source is silent.
    """
    candidates = block.candidates
    columns: dict[str, Scores] = {}
    for index, source in enumerate(candidates.names):
        rank = block.ranks[:, index]
        is_proposed = ~np.isnan(candidates.places[:, index])
        values = {
            ColumnKind.RANK: rank,
            ColumnKind.RECIPROCAL_RANK: 1.0 / rank,
            ColumnKind.Z_SCORE: zscores(
                candidates.scores[:, index], block.owners, len(candidates.users)
            ),
            ColumnKind.PROPOSED: is_proposed.astype(np.float32),
        }
        if source in candidates.similarities:
            values[ColumnKind.SIMILARITY] = candidates.similarities[source]
        for kind, column in values.items():
            columns[SourceColumn(source, kind).name] = column
    return columns
