"""Forests: a LightGBM booster's scores, bit for bit, several times as fast as it tells them itself.

Each node asks all rows of a block at once, and each answer crosses out the leaves that it rules
out, a bit for each leaf, in a few passes over bytes; walking down a tree costs a row a mispredicted
branch at nearly every node. After Lucchese and others, QuickScorer, SIGIR 2015.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Scores

BLOCK = 1 << 16
"""Rows that are asked at once: few calls, while the bits of a block fit into a core's cache."""
KINDS: dict[int, type[np.unsignedinteger]] = {
    8: np.uint8,
    16: np.uint16,
    32: np.uint32,
    64: np.uint64,
}
"""What has a bit for each leaf, by how many a tree may have."""
ZERO, LEFT, RIGHT = np.float32(0.0), np.float32(-np.inf), np.float32(np.inf)
"""What NaN is compared as: it is 0 to nodes whose column had none when they learned, and has a side with the others."""
LARGEST = np.finfo(np.float32).max
"""Infinity is compared as this: what divides all numbers from NaN is a threshold of infinity, or of this here."""


@dataclass(frozen=True)
class Node:
    """Rows with more than `threshold` in `column`, NaN taken for `missing`, go right, past the leaves of `left`."""

    column: int
    missing: np.float32
    threshold: np.float32
    left: int


@dataclass(frozen=True)
class Step:
    """On the way to a leaf: a node of the tree, the side taken, and which share of what it learned from took it too."""

    node: int
    right: bool
    share: float


@dataclass(frozen=True)
class Tree:
    """Nodes, the values (L,) of the leaves from left to right, and the way to each."""

    nodes: tuple[Node, ...]
    values: NDArray[np.float64]
    paths: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True)
class QuickScorer:
    """Trees whose values are added up in their order."""

    trees: tuple[Tree, ...]

    @classmethod
    def of(cls, booster: lgb.Booster) -> "QuickScorer | None":
        """The trees of a booster; None where only it can score them.

        That is where a tree has more than 64 leaves, compares anything but numbers, takes zeros for
        missing or is linear, and where trees are averaged.
        """
        told = booster.dump_model()
        roots = [tree["tree_structure"] for tree in told["tree_info"]]
        if told["average_output"] or not all(map(_is_plain, roots)):
            return None
        trees = tuple(map(_tree, roots))
        return cls(trees) if all(len(tree.values) <= max(KINDS) for tree in trees) else None

    def score(self, matrix: Scores, threads: int = 1) -> NDArray[np.float64]:
        """Raw scores (C,) of feature rows (C, F), float32, as the booster's `predict` gives them."""
        return by_blocks(self._score_block, matrix, threads)

    def _score_block(self, rows: Scores) -> NDArray[np.float64]:
        most = max((len(tree.values) for tree in self.trees), default=1)
        bits = next(kind for leaves, kind in KINDS.items() if most <= leaves)
        columns, right = Columns(rows), np.empty(len(rows), bool)
        crossed, more = np.empty(len(rows), bits), np.empty(len(rows), bits)
        total, value = np.zeros(len(rows)), np.empty(len(rows))
        for tree in self.trees:
            crossed[:] = 0
            for node in tree.nodes:
                columns.right_of(node, out=right)
                np.multiply(right.view(np.uint8), bits(node.left), out=more)
                np.bitwise_or(crossed, more, out=crossed)
            np.bitwise_xor(
                crossed, crossed + bits(1), out=crossed
            )  # ones up to the first leaf that is left
            np.take(tree.values, np.bitwise_count(crossed) - np.uint8(1), out=value, mode="clip")
            total += value
        return total


def by_blocks(
    work: Callable[[Scores], NDArray[np.float64]], matrix: Scores, threads: int
) -> NDArray[np.float64]:
    """What `work` makes of feature rows (C, F), a row for each, block after block on so many threads."""
    blocks = [matrix[at : at + BLOCK] for at in range(0, max(1, len(matrix)), BLOCK)]
    with ThreadPoolExecutor(threads) as workers:
        return np.concatenate(list(workers.map(work, blocks)))


@dataclass
class Columns:
    """Columns of feature rows (n, F) with NaN replaced, each made when it is first asked for."""

    rows: Scores
    made: dict[tuple[int, np.float32], Scores] = field(default_factory=dict)

    def right_of(self, node: Node, out: Flags | None = None) -> Flags:
        """Which rows (n,) go right at a node."""
        wanted = node.column, node.missing
        if wanted not in self.made:
            column = self.rows[:, node.column]
            self.made[wanted] = np.where(
                np.isnan(column), node.missing, np.minimum(column, LARGEST)
            )
        right: Flags = np.greater(self.made[wanted], node.threshold, out=out)
        return right


def _is_plain(node: dict[str, Any]) -> bool:
    if "leaf_value" in node:
        return "leaf_const" not in node
    numeric = node["decision_type"] == "<=" and node["missing_type"] != "Zero"
    return numeric and _is_plain(node["left_child"]) and _is_plain(node["right_child"])


def _tree(root: dict[str, Any]) -> Tree:
    nodes: dict[int, Node] = {}
    values: list[float] = []
    paths: list[tuple[Step, ...]] = []

    def walk(told: dict[str, Any], way: tuple[Step, ...]) -> int:
        """Note what is below a node; gives the bits of its leaves."""
        if "leaf_value" in told:
            values.append(told["leaf_value"])
            paths.append(way)
            return 1 << (len(values) - 1)
        at = told["split_index"]
        shares = [_count(told[side]) / _count(told) for side in ("left_child", "right_child")]
        left = walk(told["left_child"], (*way, Step(at, False, shares[0])))
        nodes[at] = Node(told["split_feature"], _missing(told), _below(told["threshold"]), left)
        return left | walk(told["right_child"], (*way, Step(at, True, shares[1])))

    walk(root, ())
    return Tree(
        tuple(nodes[at] for at in sorted(nodes)), np.array(values, np.float64), tuple(paths)
    )


def _count(told: dict[str, Any]) -> int:
    """Rows that a node or a leaf learned from."""
    return int(told["leaf_count"] if "leaf_value" in told else told["internal_count"])


def _missing(node: dict[str, Any]) -> np.float32:
    if node["missing_type"] == "None":
        return ZERO
    return LEFT if node["default_left"] else RIGHT


def _below(threshold: float) -> np.float32:
    """The largest float32 that is no larger: no float32 lies between the two, so both divide alike."""
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
    return np.nextafter(near, LEFT) if float(near) > threshold else near
