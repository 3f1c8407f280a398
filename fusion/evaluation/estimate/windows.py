"""The chance of a like by past windows, what each user of them was worth, and the cross-fit."""

from collections.abc import Sequence

import numpy as np

from fusion.data.segments import ROUTES
from fusion.evaluation.estimate.defaults import DEFAULTS
from fusion.evaluation.estimate.like_model import LikeModel, design
from fusion.evaluation.estimate.places import DISCOUNTS, LabelledPlaces
from fusion.evaluation.estimate.report import CrossFit
from fusion.evaluation.estimate.states import Floats
from fusion.evaluation.promise.defaults import DEFAULTS as OF_PROMISE
from fusion.lists.first_places import PLACES

PLACE_WEIGHTS = {"precision": np.full(PLACES, 1 / PLACES), "dcg": DISCOUNTS}
"""What a like at each place (PLACES,) adds to the metrics that need no ideal."""


def fit_windows(windows: Sequence[LabelledPlaces]) -> LikeModel | None:
    """Fit the chance of a like to the filled places of past windows.

    Args:
        windows: places of past windows.

    Returns:
        The model; None where fewer than `least_likes` places were liked.
    """
    if sum(int(each.hits.sum()) for each in windows) < DEFAULTS.least_likes:
        return None
    features, liked, owners = [], [], []
    n_users = 0
    for each in windows:
        filled = each.listed.filled
        features.append(design(each.listed)[filled])
        liked.append(each.hits[filled])
        owners.append(np.nonzero(filled)[0] + n_users)
        n_users += len(each)
    of_users = np.concatenate(owners).astype(np.int32)
    return LikeModel.fit(np.concatenate(features), np.concatenate(liked), of_users)


def ideals_by_route(window: LabelledPlaces) -> Floats:
    """Return the mean DCG of a perfect list by route.

    Args:
        window: the verdict's.

    Returns:
        (len(ROUTES),); that of everybody for a route with too few users.
    """
    routes, ideals = window.listed.states.routes, window.ideals
    by_route = np.full(len(ROUTES), ideals.mean())
    for index in range(len(ROUTES)):
        of_route = ideals[routes == index]
        if len(of_route) >= OF_PROMISE.least_users:
            by_route[index] = of_route.mean()
    return by_route


def observed_in(window: LabelledPlaces) -> dict[str, Floats]:
    """Return what lists were worth to each user of a past window.

    Args:
        window: places of n users.

    Returns:
        (n,) by metric.
    """
    observed = {name: window.hits @ weights for name, weights in PLACE_WEIGHTS.items()}
    observed["ndcg"] = observed["dcg"] / window.ideals
    return observed


def cross_fitted(windows: Sequence[LabelledPlaces]) -> list[CrossFit]:
    """Say what each window was by the chances of the others, beside what it was.

    Args:
        windows: places of past windows.

    Returns:
        None of them where there is only one.
    """
    checks = []
    for at, window in enumerate(windows):
        others = [*windows[:at], *windows[at + 1 :]]
        model = fit_windows(others)
        if model is None:
            continue
        chances = model.chances(window.listed)
        ideals = ideals_by_route(others[-1])[window.listed.states.routes]
        expected = {name: chances @ weights for name, weights in PLACE_WEIGHTS.items()}
        expected["ndcg"] = expected["dcg"] / ideals
        observed = observed_in(window)
        checks.append(
            CrossFit(
                fold=window.name,
                users=len(window),
                expected={name: float(values.mean()) for name, values in expected.items()},
                observed={name: float(values.mean()) for name, values in observed.items()},
            )
        )
    return checks
