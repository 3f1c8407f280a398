"""The rows that the verdict compares: scores of candidates and lists of every method and source."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.data.ranked_lists import top_k_lists
from fusion.ranking.features.source_columns import ColumnKind, columns_of_kind, source_column
from fusion.ranking.method import BLEND, RANKER
from fusion.ranking.ranker import Ranker
from fusion.ranking.table import RankingTable, aligned
from fusion.ranking.table_file import LIST_SIZE, read_computed, read_lists

JUDGED_KINDS = (ColumnKind.Z_SCORE, ColumnKind.PROPOSED)
"""Kinds of sources' columns that judging reads: what orders candidates, and who proposed them."""


def read_scored_table(folder: Path, ranker: Ranker) -> RankingTable:
    """Read a fold's table with the ranker's scores in place of the features.

    Features are dropped part by part, so that a large table never stands in memory whole.

    Args:
        folder: where `write_table` wrote the table.
        ranker: scores the candidates.

    Returns:
        A table whose columns are the ranker's scores, the blend, and of every source the z-scores
        and the flags of what it proposed.
    """

    def _score_part(part: RankingTable) -> dict[str, Scores]:
        columns = {
            RANKER: ranker.score(aligned(part, ranker.columns)),
            BLEND: part.matrix[:, part.columns.index(BLEND)],
        }
        for index, name in enumerate(part.columns):
            column = source_column(name)
            if column is not None and column.kind in JUDGED_KINDS:
                columns[name] = part.matrix[:, index]
        return columns

    return read_computed(folder, _score_part)


def candidate_scores(table: RankingTable) -> dict[str, Scores]:
    """Collect the scores of the ranker, the blend and every source from a scored table.

    A source's own scores are not in the table. Its z-scores order a user's candidates alike.

    Args:
        table: as `read_scored_table` gives it, with C candidates.

    Returns:
        Scores (C,) by row, NaN where it is silent.
    """
    scores = {name: table.matrix[:, table.columns.index(name)] for name in (RANKER, BLEND)}
    for source, index in columns_of_kind(table.columns, ColumnKind.Z_SCORE).items():
        scores[source] = table.matrix[:, index]
    return scores


def lists_by_row(
    folder: Path, table: RankingTable, scores: Mapping[str, Scores]
) -> tuple[Rows, dict[str, Rows]]:
    """Make the lists to judge: the ranker's and the blend's from scores, the sources' as stored.

    Args:
        folder: where `write_table` wrote the sources' lists.
        table: candidates of the fold.
        scores: scores (C,) of them, of the ranker and the blend at least.

    Returns:
        Users (n,), ascending, and by row their lists (n, LIST_SIZE), -1 past the end.
    """
    users, source_lists = read_lists(folder)
    lists = {name: _ranked(table, scores[name], users) for name in (RANKER, BLEND)}
    return users, {**lists, **source_lists}


def _ranked(table: RankingTable, scores: Scores, users: Rows) -> Rows:
    """Rank each user's candidates by scores (C,); users without candidates get empty lists."""
    # Where both are silent an item goes last: there is no third method to order by.
    ranked = top_k_lists(table.group_users, table.borders, table.items, scores, scores, LIST_SIZE)
    lists = np.full((len(users), LIST_SIZE), -1, np.int32)
    lists[np.searchsorted(users, ranked.users)] = ranked.items
    return lists
