"""A ranking table as it would be without some of the sources."""

from collections.abc import Collection

import numpy as np

from fusion.core.arrays import Flags, Scores
from fusion.core.grouped import ranks, zscores
from fusion.ranking.features.rank_fusion import AGREEMENT
from fusion.ranking.features.source_columns import (
    ColumnKind,
    SourceColumn,
    columns_of_kind,
    source_column,
)
from fusion.ranking.table import RankingTable


def without_sources(table: RankingTable, removed: Collection[str]) -> RankingTable:
    """Return the table that the other sources would have made alone.

    What only a removed source proposed is no candidate any more. Ranks and z-scores of the others
    are taken anew among the candidates that are left: those of z-scores are those of scores, since
    a user's z-scores are their scores but for a shift and a factor.

    Args:
        table: all C candidates of its users.
        removed: names of sources; at least one other is left.

    Returns:
        Candidates of the sources left, without the columns of the removed; users of whom nothing is
        left have no group.
    """
    proposed_columns = columns_of_kind(table.columns, ColumnKind.PROPOSED)
    left = [name for name in proposed_columns if name not in removed]
    is_proposed = np.column_stack([_is_proposed(table, name) for name in left])
    kept_rows: Flags = np.logical_or.reduce(is_proposed, axis=1)
    kept = table.keep(kept_rows)
    columns = {
        name: kept.column(name)
        for name in table.columns
        if (column := source_column(name)) is None or column.source not in removed
    }
    ranks_left = np.empty((len(kept.items), len(left)), np.float32)
    owners = np.repeat(np.arange(kept.n_users, dtype=np.int32), kept.sizes)
    for index, name in enumerate(left):
        old_z = kept.column(SourceColumn(name, ColumnKind.Z_SCORE).name)
        rank = ranks(old_z, kept.borders)
        ranks_left[:, index] = rank
        columns[SourceColumn(name, ColumnKind.RANK).name] = rank
        columns[SourceColumn(name, ColumnKind.RECIPROCAL_RANK).name] = 1.0 / rank
        columns[SourceColumn(name, ColumnKind.Z_SCORE).name] = zscores(old_z, owners, kept.n_users)
    for name, compute in AGREEMENT.items():
        columns[name] = compute(ranks_left, is_proposed[kept_rows])
    return RankingTable(
        tuple(columns),
        kept.group_users,
        kept.sizes,
        kept.items,
        kept.labels,
        np.column_stack(list(columns.values())),
    )


def _is_proposed(table: RankingTable, source: str) -> Flags:
    """Return which candidates (C,) a source proposes."""
    flags: Scores = table.column(SourceColumn(source, ColumnKind.PROPOSED).name)
    return flags > 0
