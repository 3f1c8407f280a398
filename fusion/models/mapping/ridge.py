"""Ridge regression from item content to an item space, in closed form.

With features F (K, D) of known items, their places T (K, S) and how far these can be relied on, R
diagonal, M = (F'RF + reg)^-1 F'RT maps the features of any item to a place. Columns of F are scaled
by the square roots of the kernels' weights, so that F F' is the weighted sum of the kernels.

Sedhain et al., Low-rank Linear Cold-start Recommendation from Social Data, AAAI 2017; Gantner et
al., Learning Attribute-to-Feature Mappings for Cold-Start Recommendations, ICDM 2010.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from fusion.core.arrays import Flags, Rows, Scores
from fusion.models.mapping.kernels import Catalogue, centered
from fusion.models.mapping.side_kernels import kernels_of
from fusion.models.text.encoder_choice import Note

HALF_RELIABLE = 10
"""Interactions with which an item counts half as much in the regression as one with very many: the
place of a rare item is hardly known."""
DEPTH = 10
"""Places that count: lists are judged by NDCG@10 everywhere."""


@dataclass(frozen=True)
class Kernels:
    """Features of all kernels side by side.

    Attributes:
        values: (I, D) float32.
        names: of the kernels.
        borders: (kernels + 1,) first columns.
        has: (I,) items with any content.
        as_new: by first column, what differs from `values` before anybody took an item (I, d).
    """

    values: Scores
    names: tuple[str, ...]
    borders: tuple[int, ...]
    has: Flags
    as_new: Mapping[int, Scores] = field(default_factory=dict)

    def of_new(self, items: Rows) -> Scores:
        """Return features of items as they were when nobody had taken them.

        Args:
            items: rows (H,).

        Returns:
            (H, D) float32.
        """
        values = self.values[items]
        for first, columns in self.as_new.items():
            values[:, first : first + columns.shape[1]] = columns[items]
        return values

    def scales(self, weights: dict[str, float]) -> Scores:
        """Return the factor (D,) of each column.

        Args:
            weights: of the kernels, by name.
        """
        roots = np.sqrt([weights[name] for name in self.names])
        return np.repeat(roots, np.diff(self.borders)).astype(np.float32)


def join_kernels(catalogue: Catalogue) -> tuple[Kernels, Note]:
    """Make the features of every kernel that the data has content for.

    Args:
        catalogue: I items.

    Returns:
        The kernels, none where the data has no content at all, and their notes.
    """
    n_items = len(catalogue.is_known)
    parts = [np.zeros((n_items, 0), np.float32)]
    names = []
    borders = [0]
    has = np.zeros(n_items, bool)
    note: Note = {}
    as_new = {}
    for name, kernel in kernels_of(catalogue.data).items():
        features = kernel(catalogue)
        if features is None:
            continue
        features = centered(features, catalogue.is_known)
        if features.as_new is not None:
            as_new[borders[-1]] = features.as_new
        parts.append(features.values)
        names.append(name)
        borders.append(borders[-1] + parts[-1].shape[1])
        has |= features.has
        note |= features.note
    values = np.concatenate(parts, axis=1)
    return Kernels(values, tuple(names), tuple(borders), has, as_new), note


def reliability(counts: Rows) -> Scores:
    """Say how far the places of items can be relied on.

    Args:
        counts: interactions (K,) of each.

    Returns:
        (K, 1) float32 with a mean of 1.
    """
    shares = counts / (counts + HALF_RELIABLE)
    weights: Scores = (shares / max(shares.mean(), 1e-9)).astype(np.float32)[:, None]
    return weights


def solve_map(gram: Scores, products: Scores, scales: Scores, reg: float) -> Scores:
    """Solve for the map M of scaled features.

    Args:
        gram: F'RF (D, D), not scaled.
        products: F'RT (D, S), not scaled.
        scales: (D,) of the columns.
        reg: L2 weight.

    Returns:
        M (D, S) float32.
    """
    scaled = scales[:, None] * gram * scales
    scaled[np.diag_indices_from(scaled)] += np.float32(reg)
    factor = cho_factor(scaled, lower=True, overwrite_a=True)
    solved: Scores = cho_solve(factor, scales[:, None] * products, overwrite_b=True)
    return solved


def ndcg_of_users(scores: Scores, labels: Flags) -> NDArray[np.float64]:
    """Return the NDCG@10 of each user with binary gain.

    Args:
        scores: (B, H).
        labels: (B, H), at least one in each row.

    Returns:
        (B,) in [0, 1].
    """
    _, hits, discounts, ideal = _judged_lists(scores, labels)
    return hits @ discounts / ideal


def ndcg_by_item(scores: Scores, labels: Flags) -> NDArray[np.float64]:
    """Split the mean NDCG@10 of users by the items that it comes from.

    Args:
        scores: (B, H).
        labels: (B, H), at least one in each row.

    Returns:
        (H,), which add up to the mean.
    """
    order, hits, discounts, ideal = _judged_lists(scores, labels)
    parts = hits * discounts / ideal[:, None]
    return np.bincount(order.ravel(), parts.ravel(), scores.shape[1]) / len(scores)


def _judged_lists(
    scores: Scores, labels: Flags
) -> tuple[NDArray[np.int64], Flags, NDArray[np.float64], NDArray[np.float64]]:
    """First items of each user and which of them are labels (B, n), discounts (n,), ideals (B,)."""
    n_places = min(DEPTH, scores.shape[1])
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n_places]
    discounts: NDArray[np.float64] = 1 / np.log2(np.arange(2, n_places + 2))
    hits = np.take_along_axis(labels, order, 1)
    n_labels = np.minimum(labels.sum(axis=1), n_places)
    ideal: NDArray[np.float64] = np.cumsum(discounts)[n_labels - 1]
    return order, hits, discounts, ideal
