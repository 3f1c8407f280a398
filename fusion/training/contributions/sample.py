"""The users of the label folds of whom contributions are asked, with the head of their lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion.core.arrays import Flags, Rows, contains
from fusion.core.hashing import shares
from fusion.data.splitting.fold import Fold
from fusion.ranking.sampling import HISTORY_COLUMN
from fusion.ranking.table import RankingTable
from fusion.ranking.table_file import read_columns, read_table

BEST_RANK = "best_rank"
"""Column by which the head of a list is known: the best rank that any source gives."""
SAMPLE_SALT = 0xC04
"""Added to the seed, so that who is asked is independent of every other draw by hash."""


@dataclass(frozen=True)
class FoldSample:
    """Some users of one label fold.

    Attributes:
        table: the head of their candidates, by every source.
        users: (n,) ascending, all with a label and a history, some maybe without a candidate.
        label_users: user (m,) of each of their labels.
        label_items: item (m,) of each.
    """

    table: RankingTable
    users: Rows
    label_users: Rows
    label_items: Rows


@dataclass(frozen=True)
class _Head:
    """The candidates of a fold that count.

    Attributes:
        owners: the user (C,) of each candidate.
        rows: which candidates (C,) some source ranks high, of users with a history.
    """

    owners: Rows
    rows: Flags

    @classmethod
    def read(cls, folder: Path, depth: int) -> "_Head":
        """Read what says which candidates count, without the other features."""
        table = read_columns(folder, (HISTORY_COLUMN, BEST_RANK))
        is_high = table.column(BEST_RANK) <= depth
        return cls(table.users, is_high & (table.column(HISTORY_COLUMN) > 0))


def read_samples(
    tables: Sequence[Path], folds: Sequence[Fold], seed: int, max_candidates: int, depth: int
) -> list[FoldSample]:
    """Read the head of the lists of so many users, by hash, as there is room for.

    A user is asked on every fold or on none, since their folds are not independent.

    Args:
        tables: folders of the label folds' tables.
        folds: the label folds, in the same order.
        seed: seeds the draw.
        max_candidates: candidates of all folds together, about.
        depth: best rank up to which a candidate counts.
    """
    heads = [_Head.read(folder, depth) for folder in tables]
    n_candidates = sum(int(head.rows.sum()) for head in heads)
    share = max_candidates / max(1, n_candidates)
    samples = []
    for folder, fold, head in zip(tables, folds, heads, strict=True):
        users = labelled_users(fold)
        users = users[shares(seed + SAMPLE_SALT, users) < share]
        table = read_table(folder, head.rows & contains(users, head.owners))
        is_asked = contains(users, fold.label_users)
        labels = fold.label_users[is_asked], fold.label_items[is_asked]
        samples.append(FoldSample(table, users, *labels))
    return samples


def labelled_users(fold: Fold) -> Rows:
    """Return the users (n,) of a fold, ascending, who have a label and a history.

    Args:
        fold: with labels.
    """
    users = fold.label_rows
    return users[fold.known.user_counts[users] > 0]
