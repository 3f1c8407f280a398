"""Contributions: what each feature adds to a forest's score of a row, as TreeSHAP has it, many times as fast.

At a leaf all that counts of a row is which features on the way there it agrees with. A leaf of d
features knows 2**d kinds of rows, so each leaf gets a table of contributions once, and a row looks
its kind up. Lundberg and others, From local explanations to global understanding, Nature Machine
Intelligence 2020; for the tables Yang, Fast TreeSHAP, 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Scores
from fusion.ranking.tree_scoring import Columns, QuickScorer, Step, Tree, by_blocks

Doubles = NDArray[np.float64]
CELLS = 1 << 24
"""Of all leaves' tables together, 128 MiB, at most: deep trees of many columns would have no end of kinds."""


@dataclass(frozen=True)
class Leaf:
    """The steps to a leaf, by the d different columns that they ask, and what each adds for a kind of row: (d, 2**d).

    Bit i of a kind says that a row agrees with all steps that ask column i.
    """

    columns: tuple[int, ...]
    steps: tuple[list[Step], ...]
    table: Doubles


@dataclass(frozen=True)
class TreeShap:
    """What the columns of a forest add to its scores."""

    trees: tuple[Tree, ...]
    leaves: tuple[tuple[Leaf, ...], ...]

    @classmethod
    def of(cls, forest: QuickScorer) -> "TreeShap | None":
        """The tables of a forest; None where they would grow too large."""
        counts = (len(_by_column(tree, way)) for tree in forest.trees for way in tree.paths)
        if sum(n << n for n in counts) > CELLS:
            return None
        return cls(forest.trees, tuple(_leaves(tree) for tree in forest.trees))

    def __call__(self, matrix: Scores, threads: int = 1) -> Doubles:
        """Contributions (C, F) of feature rows (C, F); with a constant they add up to the raw score of a row."""
        return by_blocks(self._of_block, matrix, threads)

    def _of_block(self, rows: Scores) -> Doubles:
        columns, total = Columns(rows), np.zeros(rows.T.shape)
        for tree, leaves in zip(self.trees, self.leaves, strict=True):
            right = [columns.right_of(node) for node in tree.nodes]
            for leaf in leaves:
                kind = np.zeros(len(rows), np.intp)
                for bit, steps in enumerate(leaf.steps):
                    agrees = np.logical_and.reduce(
                        [right[s.node] if s.right else ~right[s.node] for s in steps]
                    )
                    kind += agrees.astype(np.intp) << bit
                for column, added in zip(leaf.columns, leaf.table, strict=True):
                    total[column] += added.take(kind)
        return total.T


def _leaves(tree: Tree) -> tuple[Leaf, ...]:
    found = []
    for way, value in zip(tree.paths, tree.values.tolist(), strict=True):
        asked = _by_column(tree, way)
        table = _table(
            value, [float(np.prod([step.share for step in steps])) for steps in asked.values()]
        )
        found.append(Leaf(tuple(asked), tuple(asked.values()), table))
    return tuple(found)


def _by_column(tree: Tree, way: Sequence[Step]) -> dict[int, list[Step]]:
    """The steps of a way that ask each column."""
    asked: dict[int, list[Step]] = {}
    for step in way:
        asked.setdefault(tree.nodes[step.node].column, []).append(step)
    return asked


def _table(value: float, shares: Sequence[float]) -> Doubles:
    """Shapley values (d, 2**d) of the d features on the way to a leaf, for all kinds of rows.

    A feature left out lets a row through as it let those through that the tree learned from: with
    its share. So a set of features has the leaf's value, times 1 or 0 for each in the set, as the
    row agrees, times the shares of the rest. Summed over all sets of one size that is a coefficient
    of a polynomial with one factor a feature.
    """
    d = len(shares)
    agrees = (np.arange(1 << d) >> np.arange(d)[:, None] & 1).astype(float)
    table = np.empty((d, 1 << d))
    for at in range(d):
        by_size = np.zeros((d, 1 << d))
        by_size[0] = 1
        for other in range(d):
            if other != at:
                larger = by_size[:-1] * agrees[other]
                by_size *= shares[other]
                by_size[1:] += larger
        chances = [factorial(size) * factorial(d - 1 - size) / factorial(d) for size in range(d)]
        table[at] = value * (agrees[at] - shares[at]) * (chances @ by_size)
    return table
