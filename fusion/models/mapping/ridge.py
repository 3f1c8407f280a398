"""Ridge regression from item content to an item space, in closed form; its settings by folds.

With features F (K, D) of known items, their places T (K, S) and how far these can be relied on, R
diagonal, M = (F'RF + reg)^-1 F'RT maps the features of any item to a place. Columns of F are scaled
by the square roots of the kernels' weights, so that F F' is the weighted sum of the kernels.

Sedhain et al., Low-rank Linear Cold-start Recommendation from Social Data, AAAI 2017; Gantner et
al., Learning Attribute-to-Feature Mappings for Cold-Start Recommendations, ICDM 2010.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from fusion.core.arrays import Flags, Rows, Scores
from fusion.models.mapping.kernels import Catalogue, centered
from fusion.models.mapping.side_kernels import kernels_of
from fusion.models.text.encoder_choice import Note

REGS = tuple(10.0 ** (step / 4) for step in range(-8, 13))
"""L2 weights that are tried: from 0.01 to 1000, of features with a mean squared length of 1."""
WEIGHTS = (0.0, 0.1, 0.3, 1.0, 3.0)
"""Weights that are tried for each kernel; only their ratios to one another matter."""
ROUNDS = 2
"""Times that every kernel's weight is tried anew, with the others as found by then."""
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
    """

    values: Scores
    names: tuple[str, ...]
    borders: tuple[int, ...]
    has: Flags

    def scales(self, weights: dict[str, float]) -> Scores:
        """Return the factor (D,) of each column.

        Args:
            weights: of the kernels, by name.
        """
        roots = np.sqrt([weights[name] for name in self.names])
        return np.repeat(roots, np.diff(self.borders)).astype(np.float32)


@dataclass(frozen=True)
class RidgeSettings:
    """L2 weight and weights of kernels.

    Attributes:
        reg: L2 weight.
        weights: of the kernels, by name.
        ndcg: mean NDCG@10 on the held-out items of all folds; NaN where nothing was held out.
    """

    reg: float
    weights: dict[str, float]
    ndcg: float = float("nan")


@dataclass(frozen=True)
class HeldOutItems:
    """Held-out items of a fold that settings are judged by, and users who took them.

    The donor of the fold never saw them.

    Attributes:
        gram: F'RF (D, D) of the known items, not scaled.
        users: the donor's scores of known items times RF (B, D).
        features: of the held-out items (H, D), not scaled.
        labels: (B, H) bool, what the users took of them.
    """

    gram: Scores
    users: Scores
    features: Scores
    labels: Flags


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
    for name, kernel in kernels_of(catalogue.data).items():
        features = kernel(catalogue)
        if features is None:
            continue
        parts.append(centered(features, catalogue.is_known).values)
        names.append(name)
        borders.append(borders[-1] + parts[-1].shape[1])
        has |= features.has
        note |= features.note
    return Kernels(np.concatenate(parts, axis=1), tuple(names), tuple(borders), has), note


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


def choose_settings(
    kernels: Kernels, folds: Sequence[HeldOutItems], reg: float | None = None
) -> RidgeSettings:
    """Choose the L2 weight and the kernels' weights by NDCG@10 among held-out items.

    First the L2 weight with all kernels alike, then each kernel's weight in turn, with the L2
    weights next to the best.

    Args:
        kernels: their names and columns.
        folds: users and items to judge by, at least one fold.
        reg: the L2 weight where it is configured; None: it is chosen as well.

    Returns:
        The best settings; of equal ones those tried first.
    """
    regs = REGS if reg is None else (reg,)
    start = RidgeSettings(regs[0], dict.fromkeys(kernels.names, 1.0))
    best = max(
        (_judged(replace(start, reg=one), kernels, folds) for one in regs),
        key=lambda settings: settings.ndcg,
    )
    if len(kernels.names) == 1:
        return best
    for _ in range(ROUNDS):
        for name in kernels.names:
            for tried in _variants(best, name, regs):
                judged = _judged(tried, kernels, folds)
                if judged.ndcg > best.ndcg:
                    best = judged
    return best


def _variants(
    settings: RidgeSettings, name: str, regs: tuple[float, ...]
) -> Iterator[RidgeSettings]:
    """Yield settings with another weight of one kernel, and L2 weights near the present one."""
    near = [reg for reg in regs if settings.reg / 4 < reg < settings.reg * 4]
    for weight in WEIGHTS:
        weights = settings.weights | {name: weight}
        if weight != settings.weights[name] and any(weights.values()):
            for reg in near:
                yield RidgeSettings(reg, weights)


def _judged(
    settings: RidgeSettings, kernels: Kernels, folds: Sequence[HeldOutItems]
) -> RidgeSettings:
    """Return settings with their NDCG@10 on the held-out items, each fold counting alike."""
    scales = kernels.scales(settings.weights)
    values = []
    for fold in folds:
        places = solve_map(fold.gram, fold.features.T, scales, settings.reg)
        scores: Scores = np.matmul(fold.users * scales, places)
        values.append(ndcg_of_users(scores, fold.labels).mean())
    return replace(settings, ndcg=float(np.mean(values)))


def ndcg_of_users(scores: Scores, labels: Flags) -> NDArray[np.float64]:
    """Return the NDCG@10 of each user with binary gain.

    Args:
        scores: (B, H).
        labels: (B, H), at least one in each row.

    Returns:
        (B,) in [0, 1].
    """
    n_places = min(DEPTH, scores.shape[1])
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n_places]
    discounts: NDArray[np.float64] = 1 / np.log2(np.arange(2, n_places + 2))
    hits = np.take_along_axis(labels, order, 1)
    n_labels = np.minimum(labels.sum(axis=1), n_places)
    ideal: NDArray[np.float64] = np.cumsum(discounts)[n_labels - 1]
    return hits @ discounts / ideal
