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


def ideals_by_route(windows: Sequence[LabelledPlaces]) -> Floats:
    """Return what a mean DCG is divided by to become a mean NDCG, by route.

    It is the mean DCG of a perfect list. Who has more labels likes more of a list, too, so that the
    mean of quotients is another one than the quotient of means; by how much is the same in every
    window, and put right by what all of them had.

    Args:
        windows: places of past windows with likes, of which the last one says what is perfect.

    Returns:
        (len(ROUTES),); for a route with too few users that of everybody.
    """
    means = [_mean_ideals(window) for window in windows]
    of_quotients, of_means = 0.0, 0.0
    for window, ideals in zip(windows, means, strict=True):
        observed = observed_in(window)
        of_quotients += observed["ndcg"].sum()
        of_means += (observed["dcg"] / ideals[window.listed.states.routes]).sum()
    corrected: Floats = means[-1] * of_means / of_quotients
    return corrected


def _mean_ideals(window: LabelledPlaces) -> Floats:
    """Mean DCG of a perfect list by route (len(ROUTES),)."""
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
        ideals = ideals_by_route(others)[window.listed.states.routes]
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
