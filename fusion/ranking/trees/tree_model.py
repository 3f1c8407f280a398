"""Trees of a LightGBM booster as plain nodes, leaves and paths, for scoring and explaining."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

Dump = dict[str, Any]
"""A node or leaf as `Booster.dump_model` gives it."""

# NaN is replaced by a number before it is compared, so that one comparison answers for all rows.
NAN_AS_ZERO = np.float32(0.0)
"""Where the feature had no NaN in training, LightGBM reads NaN as 0."""
NAN_LEFT = np.float32(-np.inf)
"""Where NaN goes left: it is below every threshold."""
NAN_RIGHT = np.float32(np.inf)
"""Where NaN goes right: it is above every threshold but infinity."""


@dataclass(frozen=True)
class Node:
    """A split: rows with more than `threshold` in the feature `column` go right.

    Attributes:
        column: index of the feature.
        nan_value: what NaN is replaced by before it is compared.
        threshold: the largest value that goes left.
        left_leaves: bit i is set for each leaf i below the left side; going right rules them out.
    """

    column: int
    nan_value: np.float32
    threshold: np.float32
    left_leaves: int


@dataclass(frozen=True)
class Step:
    """A step on the path to a leaf.

    Attributes:
        node: index of the node in the tree.
        goes_right: the side taken there.
        share: share of the node's training rows that took that side.
    """

    node: int
    goes_right: bool
    share: float


@dataclass(frozen=True)
class Tree:
    """A regression tree.

    Attributes:
        nodes: the splits, in LightGBM's order.
        values: value of each leaf (L,), from left to right.
        paths: the steps from the root to each leaf.
    """

    nodes: tuple[Node, ...]
    values: NDArray[np.float64]
    paths: tuple[tuple[Step, ...], ...]


def read_trees(booster: lgb.Booster) -> tuple[Tree, ...] | None:
    """Read the trees of a booster.

    Args:
        booster: a fitted booster.

    Returns:
        Its trees; None where a tree compares anything but numbers, takes zeros for missing or is
        linear, and where trees are averaged instead of summed.
    """
    dump = booster.dump_model()
    roots = [tree["tree_structure"] for tree in dump["tree_info"]]
    if dump["average_output"] or not all(_is_plain(root) for root in roots):
        return None
    return tuple(_TreeReader().read(root) for root in roots)


def _is_plain(node: Dump) -> bool:
    if _is_leaf(node):
        return "leaf_const" not in node  # leaves of linear trees have one
    if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
        return False
    return all(_is_plain(child) for child in _children(node))


def _is_leaf(node: Dump) -> bool:
    return "leaf_value" in node


def _children(node: Dump) -> Iterator[Dump]:
    yield node["left_child"]
    yield node["right_child"]


@dataclass
class _TreeReader:
    """Walks down one tree and notes nodes, leaves and paths."""

    nodes: dict[int, Node] = field(default_factory=dict)
    values: list[float] = field(default_factory=list)
    paths: list[tuple[Step, ...]] = field(default_factory=list)

    def read(self, root: Dump) -> Tree:
        """Read a tree; a reader reads one only.

        Args:
            root: the root of the tree, or its only leaf.
        """
        self._walk(root, ())
        # Steps name nodes by LightGBM's index, so nodes stand in that order.
        nodes = tuple(self.nodes[index] for index in sorted(self.nodes))
        return Tree(nodes, np.array(self.values, np.float64), tuple(self.paths))

    def _walk(self, node: Dump, path: tuple[Step, ...]) -> int:
        """Note what is below a node, left side first, and return the bits of its leaves."""
        if _is_leaf(node):
            self.values.append(node["leaf_value"])
            self.paths.append(path)
            return 1 << (len(self.values) - 1)
        index = node["split_index"]
        left, right = _children(node)
        n_rows = _training_rows(node)
        left_step = Step(index, goes_right=False, share=_training_rows(left) / n_rows)
        right_step = Step(index, goes_right=True, share=_training_rows(right) / n_rows)
        left_leaves = self._walk(left, (*path, left_step))
        threshold = _largest_left(node["threshold"])
        self.nodes[index] = Node(node["split_feature"], _nan_value(node), threshold, left_leaves)
        return left_leaves | self._walk(right, (*path, right_step))


def _training_rows(node: Dump) -> int:
    """Return the number of rows that a node or a leaf was fitted on."""
    count = "leaf_count" if _is_leaf(node) else "internal_count"
    return int(node[count])


def _nan_value(node: Dump) -> np.float32:
    if node["missing_type"] == "None":
        return NAN_AS_ZERO
    return NAN_LEFT if node["default_left"] else NAN_RIGHT


def _largest_left(threshold: float) -> np.float32:
    """Return the largest float32 that is not above a float64 threshold.

    No float32 lies between the two, so both part float32 rows alike.
    """
    with np.errstate(over="ignore"):
        nearest = np.float32(threshold)
    if float(nearest) > threshold:
        return np.nextafter(nearest, np.float32(-np.inf))
    return nearest
