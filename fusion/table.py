"""The table of a fold: candidates with features and labels, and each source's own lists, in blocks of users."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.arrays import Flags, Offsets, Rows, Scores, blocks, contains, distinct, offsets, ragged_index
from fusion.candidates import Candidates, propose
from fusion.features import feature_columns
from fusion.fitted import Fitted
from fusion.folds import Fold
from fusion.hashing import shares
from fusion.job import Room
from fusion.knowledge import Knowledge
from fusion.progress import Progress, quiet
from fusion.recommender import Allowed

KEYS = ("user", "item", "label")
LIST_SIZE = 50
"""How far down a source's own list is kept for judging."""
LISTS_OF = "lists of "
"""Before a source's name in the file of lists, where it may be called as the file's other parts are."""
DRAWN = 0x7A1E
"""Added to the seed: who is drawn anew is drawn apart from everything else."""
POISSON = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(9)])
"""Chance of being drawn so often at most, from never on."""
BYTES_PER_CANDIDATE = 800
"""Of one candidate on its way through features, about 100 float32 columns and as many temporaries."""


@dataclass(frozen=True)
class Table:
    """C candidates of n users in memory: `matrix` (C, F) float32 by `columns`, NaN where missing.

    `group_users` (n,) and `sizes` (n,): whose candidates stand there, and how many, the way LightGBM wants groups.
    """

    columns: tuple[str, ...]
    group_users: Rows
    sizes: Rows
    items: Rows
    labels: Rows
    matrix: Scores

    @property
    def borders(self) -> Offsets:
        """Where each user's candidates begin and end (n + 1,)."""
        return offsets(self.sizes)

    @property
    def users(self) -> Rows:
        """The user (C,) of each candidate."""
        return np.repeat(self.group_users, self.sizes)

    def take(self, groups: Flags) -> "Table":
        """Only the candidates of some users (n,)."""
        rows = np.repeat(groups, self.sizes)
        return Table(
            self.columns,
            self.group_users[groups],
            self.sizes[groups],
            self.items[rows],
            self.labels[rows],
            self.matrix[rows],
        )


def redrawn(table: Table, seed: int) -> Table:
    """About as many users as in `table`, drawn with replacement, each with all candidates: another sample of its kind.

    How often a user is drawn is Poisson with mean 1, by hash (Oza and Russell, AISTATS 2001), so that folds that share
    users are drawn as one.
    """
    often = np.searchsorted(POISSON, shares(seed + DRAWN, table.group_users), side="right")
    chosen = np.repeat(np.arange(len(often)), often if often.any() else 1)
    rows = ragged_index(table.borders[chosen], table.sizes[chosen].astype(np.int64))
    return Table(
        table.columns,
        table.group_users[chosen],
        table.sizes[chosen],
        table.items[rows],
        table.labels[rows],
        table.matrix[rows],
    )


def merge(tables: Sequence[Table]) -> Table:
    """Stack tables, fold after fold; columns are those of the newest, NaN where an older one lacks them."""
    columns = tables[-1].columns
    return Table(
        columns,
        np.concatenate([t.group_users for t in tables]),
        np.concatenate([t.sizes for t in tables]),
        np.concatenate([t.items for t in tables]),
        np.concatenate([t.labels for t in tables]),
        np.concatenate([aligned(t, columns) for t in tables]),
    )


def aligned(table: Table, columns: tuple[str, ...]) -> Scores:
    """The matrix of a table with exactly these columns."""
    if table.columns == columns:
        return table.matrix
    found = np.full((len(table.items), len(columns)), np.nan, np.float32)
    for at, name in enumerate(columns):
        if name in table.columns:
            found[:, at] = table.matrix[:, table.columns.index(name)]
    return found


def block_users(sources: Sequence[Fitted], budget_bytes: int) -> int:
    """How many users' candidates fit into the memory budget at once."""
    most = sum(source.k for source in sources if source.proposes)
    return int(np.clip(budget_bytes // (most * BYTES_PER_CANDIDATE), 1, 2048))


def candidate_blocks(
    sources: Sequence[Fitted], fold: Fold, users: Rows, allowed: Allowed, room: Room
) -> Iterator[Candidates]:
    """Candidates of `users` (n,), one block after the other; one a thread is gathered while one is worked on."""

    def gathered(part: slice) -> Candidates:
        rows = users[part]
        return propose(sources, fold.known.users_at(rows, fold.as_of[rows]), allowed)

    coming: deque[Future[Candidates]] = deque()
    with ThreadPoolExecutor(room.threads) as ahead:
        for part in blocks(len(users), block_users(sources, room.block_bytes)):
            coming.append(ahead.submit(gathered, part))
            if len(coming) > room.threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def write_table(
    folder: Path, sources: Sequence[Fitted], fold: Fold, allowed: Allowed, room: Room, progress: Progress = quiet
) -> None:
    """Write `table.parquet` and `lists.npz` for every user of a fold that has a label."""
    users = fold.label_rows
    knowledge = Knowledge(fold.known)
    wanted = distinct(fold.label_users.astype(np.int64) * fold.known.n_items + fold.label_items)
    lists: dict[str, list[Rows]] = {source.name: [] for source in sources}
    writer: pq.ParquetWriter | None = None
    done = 0
    for found in candidate_blocks(sources, fold, users, allowed, room):
        columns = table_columns(found, knowledge, wanted)
        block = pa.table(columns)
        writer = writer or pq.ParquetWriter(folder / "table.parquet", block.schema, compression="zstd")
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
    stacked = {LISTS_OF + name: np.concatenate(parts) for name, parts in lists.items()}
    np.savez_compressed(folder / "lists.npz", allow_pickle=False, users=users, **stacked)


def table_columns(found: Candidates, knowledge: Knowledge, wanted: Offsets) -> dict[str, Rows | Scores]:
    """Keys, label and features of a block; `wanted` holds the labels as user * I + item, ascending."""
    owners, items = found.users.rows[found.pairs.owners], found.pairs.items
    keys = owners.astype(np.int64) * knowledge.data.n_items + items
    labels = contains(wanted, keys).astype(np.int32)
    return {"user": owners, "item": items, "label": labels, **feature_columns(found, knowledge)}


def pad(items: Rows, size: int) -> Rows:
    """Cut or fill up (-1) lists (B, k) to (B, size)."""
    padded = np.full((len(items), size), -1, np.int32)
    padded[:, : items.shape[1]] = items[:, :size]
    return padded


def read_table(folder: Path, wanted: Flags | None = None) -> Table:
    """Read a table that `write_table` wrote, in the order written: all of it, or the candidates (C,) wanted."""
    with pq.ParquetFile(folder / "table.parquet") as file:
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
    return _grouped(columns, keys, matrix)


def read_computed(folder: Path, compute: Callable[[Table], dict[str, Scores]]) -> Table:
    """A table with the columns (c,) that `compute` makes of the stored ones, of one part of the rows after the other.

    A part may begin and end within a user's candidates.
    """
    keys, parts = [], []
    with pq.ParquetFile(folder / "table.parquet") as file:
        names = tuple(name for name in file.schema_arrow.names if name not in KEYS)
        for n in range(file.num_row_groups):
            stored = file.read_row_group(n)
            keys.append([stored[name].to_numpy() for name in KEYS])
            matrix = np.column_stack([stored[name].to_numpy() for name in names])
            made = compute(_grouped(names, keys[-1], matrix))
            parts.append(np.column_stack(list(made.values())))  # copies: views would keep the whole part
    whole = [np.concatenate(each) for each in zip(*keys, strict=True)]
    return _grouped(tuple(made), whole, np.concatenate(parts))


def read_columns(folder: Path, columns: tuple[str, ...]) -> Table:
    """The whole of a table with some of its columns only."""
    stored = pq.read_table(folder / "table.parquet", columns=[*KEYS, *columns])
    keys = [stored[name].to_numpy() for name in KEYS]
    return _grouped(columns, keys, np.column_stack([stored[name].to_numpy() for name in columns]))


def _grouped(columns: tuple[str, ...], keys: Sequence[Rows], matrix: Scores) -> Table:
    """A table of rows (C,) of user, item and label, which stand together by user, and their features."""
    users, items, labels = keys
    starts = np.flatnonzero(np.diff(users, prepend=-2))
    return Table(columns, users[starts], np.diff(starts, append=len(users)).astype(np.int32), items, labels, matrix)


def read_lists(folder: Path) -> tuple[Rows, dict[str, Rows]]:
    """Users (n,) and each source's lists (n, 50) of a fold."""
    with np.load(folder / "lists.npz", allow_pickle=False) as stored:
        lists = {name.removeprefix(LISTS_OF): stored[name] for name in stored.files if name.startswith(LISTS_OF)}
        return stored["users"], lists
