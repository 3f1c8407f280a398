"""Write and read the table of a fold as Parquet, in blocks of users."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.core.arrays import Flags, Offsets, Rows, Scores, contains, distinct
from fusion.core.parallel import BlockBudget
from fusion.core.progress import Progress, quiet
from fusion.data.fold import Fold
from fusion.models.base.fitted import FittedSource
from fusion.models.base.recommender import Allowed
from fusion.ranking.candidates import Candidates, candidate_blocks
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.folders import SourceKeys, TableFolder
from fusion.ranking.table import KEYS, RankingTable, group_by_user

LIST_SIZE = 50
"""How far down a source's own list is kept for judging."""
SOURCE_LISTS = SourceKeys("lists of ")
"""Keys of the sources' lists in their file."""


def write_table(
    folder: Path,
    sources: Sequence[FittedSource],
    fold: Fold,
    allowed: Allowed,
    block_budget: BlockBudget,
    progress: Progress = quiet,
) -> None:
    """Write `table.parquet` and `lists.npz` for every user of a fold that has a label."""
    users = fold.label_rows
    statistics = ItemStatistics(fold.known)
    wanted = distinct(fold.label_users.astype(np.int64) * fold.known.n_items + fold.label_items)
    lists: dict[str, list[Rows]] = {source.name: [] for source in sources}
    writer: pq.ParquetWriter | None = None
    done = 0
    for found in candidate_blocks(sources, fold, users, allowed, block_budget):
        columns = table_columns(found, statistics, wanted)
        block = pa.table(columns)
        writer = writer or pq.ParquetWriter(
            TableFolder(folder).candidates, block.schema, compression="zstd"
        )
        writer.write_table(block)
        for source in sources:
            # A source is judged by a whole list, however few candidates it proposes.
            whole = source.proposes and source.k >= LIST_SIZE
            top = found.lists[source.name] if whole else source.top(found.users, LIST_SIZE, allowed)
            lists[source.name].append(pad(top.items, LIST_SIZE))
        done += len(found.users)
        progress(done, len(users))
    if writer:
        writer.close()
    stacked = {SOURCE_LISTS.key(name): np.concatenate(parts) for name, parts in lists.items()}
    np.savez_compressed(
        TableFolder(folder).source_lists, allow_pickle=False, users=users, **stacked
    )


def table_columns(
    found: Candidates, statistics: ItemStatistics, wanted: Offsets
) -> dict[str, Rows | Scores]:
    """Keys, label and features of a block; `wanted` holds the labels as user * I + item, ascending."""
    owners, items = found.users.rows[found.pairs.owners], found.pairs.items
    keys = owners.astype(np.int64) * statistics.data.n_items + items
    labels = contains(wanted, keys).astype(np.int32)
    return {"user": owners, "item": items, "label": labels, **feature_columns(found, statistics)}


def pad(items: Rows, size: int) -> Rows:
    """Cut or fill up (-1) lists (B, k) to (B, size)."""
    padded = np.full((len(items), size), -1, np.int32)
    padded[:, : items.shape[1]] = items[:, :size]
    return padded


def read_table(folder: Path, wanted: Flags | None = None) -> RankingTable:
    """Read a table that `write_table` wrote, in the order written: all of it, or the candidates (C,) wanted."""
    with pq.ParquetFile(TableFolder(folder).candidates) as file:
        columns = tuple(name for name in file.schema_arrow.names if name not in KEYS)
        wanted = np.ones(file.metadata.num_rows, bool) if wanted is None else wanted
        matrix = np.empty((int(wanted.sum()), len(columns)), np.float32)
        keys = [np.empty(len(matrix), np.int32) for _ in KEYS]
        seen = end = 0
        for n in range(file.num_row_groups):
            size = file.metadata.row_group(n).num_rows
            rows, seen = wanted[seen : seen + size], seen + size
            part, end = slice(end, end + int(rows.sum())), end + int(rows.sum())
            if not rows.any():
                continue
            stored = file.read_row_group(n)
            for at, name in enumerate(columns):
                matrix[part, at] = stored[name].to_numpy()[rows]
            for at, name in enumerate(KEYS):
                keys[at][part] = stored[name].to_numpy()[rows]
    return group_by_user(columns, keys, matrix)


def read_computed(
    folder: Path, compute: Callable[[RankingTable], dict[str, Scores]]
) -> RankingTable:
    """A table with the columns (c,) that `compute` makes of the stored ones, of one part of the rows after the other.

    A part may begin and end within a user's candidates.
    """
    keys, parts = [], []
    with pq.ParquetFile(TableFolder(folder).candidates) as file:
        names = tuple(name for name in file.schema_arrow.names if name not in KEYS)
        for n in range(file.num_row_groups):
            stored = file.read_row_group(n)
            keys.append([stored[name].to_numpy() for name in KEYS])
            matrix = np.column_stack([stored[name].to_numpy() for name in names])
            made = compute(group_by_user(names, keys[-1], matrix))
            parts.append(
                np.column_stack(list(made.values()))
            )  # copies: views would keep the whole part
    whole = [np.concatenate(each) for each in zip(*keys, strict=True)]
    return group_by_user(tuple(made), whole, np.concatenate(parts))


def read_columns(folder: Path, columns: tuple[str, ...]) -> RankingTable:
    """The whole of a table with some of its columns only."""
    stored = pq.read_table(TableFolder(folder).candidates, columns=[*KEYS, *columns])
    keys = [stored[name].to_numpy() for name in KEYS]
    return group_by_user(
        columns, keys, np.column_stack([stored[name].to_numpy() for name in columns])
    )


def read_lists(folder: Path) -> tuple[Rows, dict[str, Rows]]:
    """Users (n,) and each source's lists (n, 50) of a fold."""
    with np.load(TableFolder(folder).source_lists, allow_pickle=False) as stored:
        keys = SOURCE_LISTS.sources(stored.files)
        lists = {source: stored[key] for source, key in keys.items()}
        return stored["users"], lists
