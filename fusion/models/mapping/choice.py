"""Choice of the L2 weight and of the kernels' weights, on items that were held out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Scores
from fusion.models.mapping.kernels import KERNELS
from fusion.models.mapping.ridge import Kernels, ndcg_by_item, ndcg_of_users, solve_map

REGS = tuple(10.0 ** (step / 4) for step in range(-8, 13))
"""L2 weights that are tried: from 0.01 to 1000, of features with a mean squared length of 1."""
WEIGHTS = (0.0, 0.1, 0.3, 1.0, 3.0)
"""Weights that are tried for each kernel; only their ratios to one another matter."""
ROUNDS = 2
"""Times that every kernel's weight is tried anew, with the others as found by then."""
SURE = 1.96
"""Standard errors of the gain above which a kernel of vectors or facts is kept. The items are the
sample: new ones are others, and what a few popular ones gain is sure of many users alone. On
MovieLens latest-small pairs of genres gained 4 standard errors over users and 0.7 over films, and
lost on films that were hidden."""


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


def choose_settings(
    kernels: Kernels, folds: Sequence[HeldOutItems], reg: float | None = None
) -> RidgeSettings:
    """Choose the L2 weight and the kernels' weights by NDCG@10 among held-out items.

    First the L2 weight with all kernels alike, then each kernel's weight in turn, with the L2
    weights next to the best. At last vectors and facts whose gain over the held-out items is not
    surely above 0 get no weight.

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
    return _without_unsure(best, kernels, folds, regs)


def _without_unsure(
    best: RidgeSettings, kernels: Kernels, folds: Sequence[HeldOutItems], regs: tuple[float, ...]
) -> RidgeSettings:
    """Take the weights of vectors and facts away that gain nothing sure, the least sure first."""
    while True:
        trials = []
        shares = _ndcg_by_item(best, kernels, folds)
        for name in kernels.names:
            others = best.weights | {name: 0.0}
            if name in KERNELS or not best.weights[name] or not any(others.values()):
                continue
            near = [RidgeSettings(reg, others) for reg in _near(best.reg, regs)]
            without = max(
                (_judged(one, kernels, folds) for one in near), key=lambda settings: settings.ndcg
            )
            trials.append((_sureness(shares - _ndcg_by_item(without, kernels, folds)), without))
        sureness, without = min(trials, key=lambda one: one[0], default=(np.inf, best))
        if sureness > SURE:
            return best
        best = without


def _sureness(gains: NDArray[np.float64]) -> float:
    """Return the sum of gains (n,) in standard errors; 0 where nothing is gained or lost."""
    error = gains.std() * np.sqrt(len(gains))
    return float(gains.sum() / error) if error > 0 else 0.0


def _near(reg: float, regs: tuple[float, ...]) -> list[float]:
    return [one for one in regs if reg / 4 < one < reg * 4]


def _variants(
    settings: RidgeSettings, name: str, regs: tuple[float, ...]
) -> Iterator[RidgeSettings]:
    """Yield settings with another weight of one kernel, and L2 weights near the present one."""
    near = _near(settings.reg, regs)
    for weight in WEIGHTS:
        weights = settings.weights | {name: weight}
        if weight != settings.weights[name] and any(weights.values()):
            for reg in near:
                yield RidgeSettings(reg, weights)


def _judged(
    settings: RidgeSettings, kernels: Kernels, folds: Sequence[HeldOutItems]
) -> RidgeSettings:
    """Return settings with their NDCG@10 on the held-out items, each fold counting alike."""
    values = [
        ndcg_of_users(scores, fold.labels).mean()
        for scores, fold in zip(_scores(settings, kernels, folds), folds, strict=True)
    ]
    return replace(settings, ndcg=float(np.mean(values)))


def _ndcg_by_item(
    settings: RidgeSettings, kernels: Kernels, folds: Sequence[HeldOutItems]
) -> NDArray[np.float64]:
    """Split the NDCG@10 by held-out item: (n,) over those of all folds."""
    parts = [
        ndcg_by_item(scores, fold.labels)
        for scores, fold in zip(_scores(settings, kernels, folds), folds, strict=True)
    ]
    return np.concatenate(parts)


def _scores(
    settings: RidgeSettings, kernels: Kernels, folds: Sequence[HeldOutItems]
) -> Iterator[Scores]:
    """Yield the scores of the held-out items (B, H), fold by fold."""
    scales = kernels.scales(settings.weights)
    for fold in folds:
        places = solve_map(fold.gram, fold.features.T, scales, settings.reg)
        yield np.matmul(fold.users * scales, places)
