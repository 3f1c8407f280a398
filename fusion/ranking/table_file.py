"""Write and read the ranking table of a fold as Parquet, in blocks of users."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.parallel import BlockBudget
from fusion.core.progress import Progress, quiet
from fusion.data.on_disk.growing_file import GrowingFile
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource
from fusion.ranking.candidates import Candidates, candidate_blocks
from fusion.ranking.folders import SourceKeys, TableFolder
from fusion.ranking.table import KEYS, CandidateKeys, RankingTable, group_by_user
from fusion.ranking.table_users import TableUsers

LIST_SIZE = 50
"""Places of a source's own list that are kept for evaluation."""
SOURCE_LISTS = SourceKeys("lists of ")
"""Keys of the sources' lists in their file."""


def write_table(
    folder: Path,
    sources: Sequence[FittedSource],
    users: TableUsers,
    block_budget: BlockBudget,
    progress: Progress = quiet,
) -> None:
    """Write the candidates and every source's own list for users of a fold.

    Args:
        folder: an empty `TableFolder`.
        sources: fitted sources.
        users: all of the fold who have a label, or some of them.
        block_budget: memory of one block of users, and threads.
        progress: called with users done and users in all.

    Raises:
        SourceFailed: a source died of it.
    """
    files = TableFolder(folder)
    fold, allowed = users.fold, users.allowed
    lists: dict[str, list[Rows]] = {source.name: [] for source in sources}
    done = 0
    with GrowingFile(files.candidates) as file:
        for candidates in candidate_blocks(sources, fold, users.rows, allowed, block_budget):
            file.write(pa.table(users.table_columns(candidates)))
            for source in sources:
                lists[source.name].append(_own_lists(source, candidates, allowed))
            done += len(candidates.users)
            progress(done, len(users.rows))
    _write_lists(files, [users.rows], lists)


def join_tables(folder: Path, parts: Iterable[Path]) -> None:
    """Write what `write_table` would have written for all users of some parts.

    Args:
        folder: an empty `TableFolder`.
        parts: a `TableFolder` of each part, in the order of their users; each is read before the
            next one is asked for.
    """
    files = TableFolder(folder)
    users: list[Rows] = []
    lists: dict[str, list[Rows]] = {}
    with GrowingFile(files.candidates) as file:
        for part in parts:
            file.append(TableFolder(part).candidates)
            of_part, own_lists = read_lists(part)
            users.append(of_part)
            for source, items in own_lists.items():
                lists.setdefault(source, []).append(items)
    _write_lists(files, users, lists)


def _write_lists(
    files: TableFolder, users: Sequence[Rows], lists: Mapping[str, Sequence[Rows]]
) -> None:
    """Write the sources' own lists, all blocks of each one after the other."""
    stacked = {SOURCE_LISTS.key(name): np.concatenate(parts) for name, parts in lists.items()}
    rows = np.concatenate(users)
    np.savez_compressed(files.source_lists, allow_pickle=False, users=rows, **stacked)


def _own_lists(source: FittedSource, candidates: Candidates, allowed: Allowed) -> Rows:
    """Return a source's own lists (B, LIST_SIZE) of a block's users.

    A source is judged by a whole list, however few candidates it proposes.
    """
    if source.proposes and source.k >= LIST_SIZE:
        return pad(candidates.lists[source.name].items[:, : source.k], LIST_SIZE)
    top = source.top(candidates.users, LIST_SIZE, allowed)
    return pad(top.items, LIST_SIZE)


def pad(items: Rows, size: int) -> Rows:
    """Cut lists to a size, or fill them up with -1.

    Args:
        items: lists (B, k).
        size: places of the result.

    Returns:
        Lists (B, size) int32.
    """
    padded = np.full((len(items), size), -1, np.int32)
    padded[:, : items.shape[1]] = items[:, :size]
    return padded


def read_table(folder: Path, wanted: Flags | None = None) -> RankingTable:
    """Read a table that `write_table` wrote, in the order written.

    Only one block of users is in memory beside the rows wanted.

    Args:
        folder: a `TableFolder`.
        wanted: which candidates (C,) to read; None reads all.

    Returns:
        The table of the candidates wanted.
    """
    with pq.ParquetFile(TableFolder(folder).candidates) as file:
        columns = _feature_names(file)
        if wanted is None:
            wanted = np.ones(file.metadata.num_rows, bool)
        n_wanted = int(wanted.sum())
        # Rows are copied to where they will stay: the matrix is never in memory twice.
        matrix = np.empty((n_wanted, len(columns)), np.float32)
        keys = [np.empty(n_wanted, np.int32) for _ in KEYS]
        first_row = 0
        first_kept = 0
        for group in range(file.num_row_groups):
            n_rows = file.metadata.row_group(group).num_rows
            is_wanted = wanted[first_row : first_row + n_rows]
            n_kept = int(is_wanted.sum())
            kept = slice(first_kept, first_kept + n_kept)
            first_row += n_rows
            first_kept += n_kept
            # A block without a wanted row is not even read.
            if not n_kept:
                continue
            stored = file.read_row_group(group)
            for index, name in enumerate(columns):
                matrix[kept, index] = stored[name].to_numpy()[is_wanted]
            for index, name in enumerate(KEYS):
                keys[index][kept] = stored[name].to_numpy()[is_wanted]
    return group_by_user(columns, CandidateKeys(*keys), matrix)


def read_computed(
    folder: Path, compute: Callable[[RankingTable], dict[str, Scores]]
) -> RankingTable:
    """Read a table with columns that are computed from the stored ones.

    Works on one part of the rows after the other, so that the stored columns are never in memory
    as a whole.

    Args:
        folder: a `TableFolder`.
        compute: makes columns (c,) by name, always the same names, of a part of c rows; a part may
            begin and end within a user's candidates.

    Returns:
        The table of all candidates with the computed columns.
    """
    key_parts: list[CandidateKeys] = []
    matrix_parts: list[Scores] = []
    columns: tuple[str, ...] = ()
    with pq.ParquetFile(TableFolder(folder).candidates) as file:
        names = _feature_names(file)
        for group in range(file.num_row_groups):
            stored = file.read_row_group(group)
            keys = _keys_of(stored)
            computed = compute(group_by_user(names, keys, _matrix_of(stored, names)))
            columns = tuple(computed)
            key_parts.append(keys)
            # This copies: views would keep the whole part in memory.
            matrix_parts.append(np.column_stack(list(computed.values())))
    return group_by_user(columns, CandidateKeys.concat(key_parts), np.concatenate(matrix_parts))


def read_columns(folder: Path, columns: tuple[str, ...]) -> RankingTable:
    """Read the whole of a table with some of its columns only.

    Args:
        folder: a `TableFolder`.
        columns: names of the features wanted.
    """
    stored = pq.read_table(TableFolder(folder).candidates, columns=[*KEYS, *columns])
    return group_by_user(columns, _keys_of(stored), _matrix_of(stored, columns))


def read_lists(folder: Path) -> tuple[Rows, dict[str, Rows]]:
    """Read the sources' own lists of a fold.

    Args:
        folder: a `TableFolder`.

    Returns:
        Users (n,), and each source's lists (n, 50), -1 past their end, by source.
    """
    with np.load(TableFolder(folder).source_lists, allow_pickle=False) as stored:
        keys = SOURCE_LISTS.sources(stored.files)
        lists = {source: stored[key] for source, key in keys.items()}
        return stored["users"], lists


def _feature_names(file: pq.ParquetFile) -> tuple[str, ...]:
    return tuple(name for name in file.schema_arrow.names if name not in KEYS)


def _keys_of(stored: pa.Table) -> CandidateKeys:
    return CandidateKeys(*(stored[name].to_numpy() for name in KEYS))


def _matrix_of(stored: pa.Table, columns: tuple[str, ...]) -> Scores:
    return np.column_stack([stored[name].to_numpy() for name in columns])
