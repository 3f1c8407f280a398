"""TreeSHAP: what each feature adds to the score of a row, many times as fast as LightGBM's own.

All that counts of a row at a leaf is which features on the path to it the row agrees with. A path
with d features knows 2**d kinds of rows, so each leaf gets a table of contributions once, and rows
look their kind up. Lundberg and others, "From local explanations to global understanding with
explainable AI for trees", Nature Machine Intelligence 2020; for the tables Yang, "Fast TreeSHAP:
accelerating SHAP value computation for trees", 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Scores
from fusion.ranking.trees.tree_model import Step, Tree
from fusion.ranking.trees.tree_scoring import ComparableColumns, QuickScorer, map_row_blocks

Doubles = NDArray[np.float64]
MAX_TABLE_CELLS = 1 << 24
"""Cells of all leaves' tables together, 128 MiB: deep trees of many features would burst memory."""


@dataclass(frozen=True)
class Leaf:
    """A leaf with its contributions for every kind of row.

    Bit i of a kind says that a row agrees with all steps at feature i of the path.

    Attributes:
        columns: indices of the d different features on the path.
        steps: the steps at each of them.
        table: contribution (d, 2**d) of each feature for each kind of row.
    """

    columns: tuple[int, ...]
    steps: tuple[list[Step], ...]
    table: Doubles


@dataclass(frozen=True)
class TreeShap:
    """Contributions of features to the scores of summed trees.

    Attributes:
        trees: the trees.
        leaves: the leaves of each tree.
    """

    trees: tuple[Tree, ...]
    leaves: tuple[tuple[Leaf, ...], ...]

    @classmethod
    def of(cls, scorer: QuickScorer) -> "TreeShap | None":
        """Make the tables of a scorer's trees.

        Args:
            scorer: the trees.

        Returns:
            The explainer; None where its tables would exceed `MAX_TABLE_CELLS`.
        """
        n_cells = 0
        for tree in scorer.trees:
            for path in tree.paths:
                n_columns = len(_steps_by_column(tree, path))
                # A table has 2**d kinds for each of d features.
                n_cells += n_columns << n_columns
        if n_cells > MAX_TABLE_CELLS:
            return None
        return cls(scorer.trees, tuple(_leaves(tree) for tree in scorer.trees))

    def contributions(self, matrix: Scores, threads: int = 1) -> Doubles:
        """Compute what each feature adds to the raw score of each row.

        Args:
            matrix: features (C, F) float32.
            threads: blocks of rows at once.

        Returns:
            Contributions (C, F); with a constant they add up to the raw score of a row.
        """
        return map_row_blocks(self._explain_block, matrix, threads)

    def _explain_block(self, rows: Scores) -> Doubles:
        columns = ComparableColumns(rows)
        total = np.zeros(rows.T.shape)
        for tree, leaves in zip(self.trees, self.leaves, strict=True):
            goes_right = [columns.goes_right(node) for node in tree.nodes]
            for leaf in leaves:
                # Most time goes here, so a row costs a few bytes a step and one look-up a feature.
                kinds = np.zeros(len(rows), np.intp)
                for bit, steps in enumerate(leaf.steps):
                    sides = [
                        goes_right[step.node] if step.goes_right else ~goes_right[step.node]
                        for step in steps
                    ]
                    agrees = np.logical_and.reduce(sides)
                    kinds += agrees.astype(np.intp) << bit
                for column, contribution in zip(leaf.columns, leaf.table, strict=True):
                    total[column] += contribution.take(kinds)
        return total.T


def _leaves(tree: Tree) -> tuple[Leaf, ...]:
    leaves = []
    for path, value in zip(tree.paths, tree.values.tolist(), strict=True):
        by_column = _steps_by_column(tree, path)
        steps_of_columns = tuple(by_column.values())
        table = _shapley_table(value, [_pass_share(steps) for steps in steps_of_columns])
        leaves.append(Leaf(tuple(by_column), steps_of_columns, table))
    return tuple(leaves)


def _pass_share(steps: Sequence[Step]) -> float:
    """Return the share with which a row passes steps whose feature is left out of the game."""
    return float(np.prod([step.share for step in steps]))


def _steps_by_column(tree: Tree, path: Sequence[Step]) -> dict[int, list[Step]]:
    """Group the steps of a path by the feature that they ask for."""
    by_column: dict[int, list[Step]] = {}
    for step in path:
        by_column.setdefault(tree.nodes[step.node].column, []).append(step)
    return by_column


def _shapley_table(value: float, shares: Sequence[float]) -> Doubles:
    """Compute the Shapley values of the d features on the path to a leaf for all kinds of rows.

    The game: a set of features is worth the leaf's value, times 1 or 0 for each feature in the
    set, as the row agrees with it or not, times its share for each feature that is not in the set,
    which lets a row through as the training rows went. Summed over all sets of one size, that is a
    coefficient of a polynomial with one factor a feature: agrees * x + share. So the feature j is
    worth

        value * (agrees_j - share_j) * sum over sizes s of s! (d - 1 - s)! / d! * coefficient_s

    with the coefficients of the product over all features but j.

    Args:
        value: the leaf's value.
        shares: share of training rows that pass each feature's steps (d,).

    Returns:
        Shapley values (d, 2**d).
    """
    d = len(shares)
    kinds = np.arange(1 << d)
    bits = np.arange(d)[:, None]
    agrees = (kinds >> bits & 1).astype(float)
    weights = [_shapley_weight(size, d) for size in range(d)]
    table = np.empty((d, 1 << d))
    for feature in range(d):
        coefficients = np.zeros((d, 1 << d))
        coefficients[0] = 1
        for other in range(d):
            if other != feature:
                # Multiply by (agrees * x + share): the first term moves up by one size.
                with_other = coefficients[:-1] * agrees[other]
                coefficients *= shares[other]
                coefficients[1:] += with_other
        gain = value * (agrees[feature] - shares[feature])
        table[feature] = gain * (weights @ coefficients)
    return table


def _shapley_weight(size: int, d: int) -> float:
    """Return the chance that a feature comes after `size` certain others of d in random order."""
    return factorial(size) * factorial(d - 1 - size) / factorial(d)
