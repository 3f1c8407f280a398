"""QuickScorer: a LightGBM booster's scores, bit for bit, several times as fast as its own.

Walking down a tree costs a row a mispredicted branch at nearly every node. Instead each node is
compared with all rows of a block at once, and each row keeps a bit for each leaf: where it goes
right, the leaves below the left side are ruled out. A row ends in the first leaf that is not ruled
out. After Lucchese, Nardini, Orlando, Perego, Tonellotto and Venturini, "QuickScorer: a fast
algorithm to rank documents with additive ensembles of regression trees", SIGIR 2015.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Scores
from fusion.ranking.trees.tree_model import Node, Tree, read_trees

BLOCK_ROWS = 1 << 16
"""Rows that are compared at once: few calls, while the bits of a block fit into a core's cache."""
LEAF_BITS: dict[int, type[np.unsignedinteger]] = {
    8: np.uint8,
    16: np.uint16,
    32: np.uint32,
    64: np.uint64,
}
"""The smallest type with a bit for each leaf, by the most leaves of a tree: fewer bytes to pass."""
LARGEST = np.finfo(np.float32).max
"""Infinity is compared as this number. A split of all numbers from NaN has an infinite threshold,
which stands in `tree_model` as this, and infinity belongs with the numbers.
"""


@dataclass(frozen=True)
class QuickScorer:
    """Trees whose values are summed in their order.

    Attributes:
        trees: trees of at most 64 leaves.
    """

    trees: tuple[Tree, ...]

    @classmethod
    def of(cls, booster: lgb.Booster) -> "QuickScorer | None":
        """Make the scorer of a booster.

        Args:
            booster: a fitted booster.

        Returns:
            The scorer; None where only the booster can score, since a tree is other than plain
            (`read_trees`) or has more than 64 leaves.
        """
        trees = read_trees(booster)
        if trees is None or any(len(tree.values) > max(LEAF_BITS) for tree in trees):
            return None
        return cls(trees)

    def score(self, matrix: Scores, threads: int = 1) -> NDArray[np.float64]:
        """Return raw scores as the booster's `predict` gives them.

        Args:
            matrix: features (C, F) float32; column after column in memory is fastest.
            threads: blocks of rows that are scored at once.

        Returns:
            Scores (C,).
        """
        return map_row_blocks(self._score_block, matrix, threads)

    def _score_block(self, rows: Scores) -> NDArray[np.float64]:
        most_leaves = max((len(tree.values) for tree in self.trees), default=1)
        bits = next(kind for leaves, kind in LEAF_BITS.items() if most_leaves <= leaves)
        columns = ComparableColumns(rows)
        # All arrays are made once and written over: allocating would cost more than computing.
        goes_right = np.empty(len(rows), bool)
        excluded = np.empty(len(rows), bits)
        newly_excluded = np.empty(len(rows), bits)
        value = np.empty(len(rows))
        total = np.zeros(len(rows))
        for tree in self.trees:
            excluded[:] = 0
            for node in tree.nodes:
                columns.goes_right(node, out=goes_right)
                # 0 or 1 times the bits of the left side, without a branch.
                np.multiply(goes_right.view(np.uint8), bits(node.left_leaves), out=newly_excluded)
                np.bitwise_or(excluded, newly_excluded, out=excluded)
            # Adding 1 carries up to the lowest 0, so x ^ (x + 1) has ones up to it, and no others:
            # one more than the index of the first leaf that is not ruled out.
            np.bitwise_xor(excluded, excluded + bits(1), out=excluded)
            leaf = np.bitwise_count(excluded) - np.uint8(1)
            np.take(tree.values, leaf, out=value, mode="clip")
            total += value
        return total


def map_row_blocks(
    work: Callable[[Scores], NDArray[np.float64]], matrix: Scores, threads: int
) -> NDArray[np.float64]:
    """Apply a function of feature rows to a matrix, block after block on several threads.

    Args:
        work: makes one row of its result of each row of features.
        matrix: features (C, F).
        threads: blocks at once.

    Returns:
        The results of all rows, in order.
    """
    starts = range(0, max(1, len(matrix)), BLOCK_ROWS)
    row_blocks = [matrix[start : start + BLOCK_ROWS] for start in starts]
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(work, row_blocks)))


@dataclass
class ComparableColumns:
    """Columns of feature rows with NaN and infinity replaced by numbers, made when first asked for.

    Attributes:
        rows: features (n, F) float32.
    """

    rows: Scores
    _columns: dict[tuple[int, np.float32], Scores] = field(default_factory=dict)

    def goes_right(self, node: Node, out: Flags | None = None) -> Flags:
        """Compare all rows at a node.

        Args:
            node: the split.
            out: an array (n,) to write to; None makes one.

        Returns:
            Which rows (n,) go right.
        """
        key = node.column, node.nan_value
        if key not in self._columns:
            column = self.rows[:, node.column]
            finite = np.minimum(column, LARGEST)
            self._columns[key] = np.where(np.isnan(column), node.nan_value, finite)
        right: Flags = np.greater(self._columns[key], node.threshold, out=out)
        return right
