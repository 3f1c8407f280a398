"""The chance of a like: a logistic regression on rank, z-score and state of the user.

The intercept and the weight of each route are free but for a ridge of one like, so that what is
expected of the users it was fitted on is what they liked: calibrated by route, and by rank as far
as a logarithm bends.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.data.segments import ROUTES
from fusion.evaluation.estimate.defaults import DEFAULTS
from fusion.evaluation.estimate.places import ListedPlaces
from fusion.evaluation.estimate.states import Floats
from fusion.lists.first_places import PLACES

FEATURES = ("constant", "rank", "z", "recent", "sparse")
"""What is known of a place, beside a constant: log2(rank), deviations above the mean of the user's
candidates, log2(1 + likes of late), and whether the user is sparse."""
STEPS = 50
SMALL_STEP = 1e-8
BARELY = 1e-6
"""Ridge of the constant: enough that it stays finite where nothing, or everything, was liked."""


def design(listed: ListedPlaces) -> Floats:
    """Return what is known of each place.

    Args:
        listed: places of n users.

    Returns:
        (n, PLACES, F) features.
    """
    columns = np.empty((len(listed.states), PLACES, len(FEATURES)))
    columns[:, :, 0] = 1.0
    columns[:, :, 1] = np.log2(np.arange(PLACES) + 1.0)
    columns[:, :, 2] = np.clip(listed.z, -DEFAULTS.widest_z, DEFAULTS.widest_z)
    columns[:, :, 3] = np.log2(1.0 + listed.states.recent)[:, None]
    columns[:, :, 4] = (listed.states.routes == ROUTES.index("sparse"))[:, None]
    return columns


@dataclass(frozen=True)
class LikeModel:
    """Weights of a logistic regression, and how sure they are.

    Attributes:
        weights: (F,) of `FEATURES`.
        covariance: (F, F) of the weights, over users.
    """

    weights: Floats
    covariance: Floats

    @classmethod
    def fit(cls, features: Floats, liked: Flags, owners: Rows) -> Self:
        """Fit by Newton's method with a ridge.

        Args:
            features: (m, F) of filled places.
            liked: (m,) whether the user liked the item.
            owners: (m,) number of the user, whose places are not independent.

        Returns:
            The model, with the covariance that is robust to that (Liang and Zeger, "Longitudinal
            data analysis using generalized linear models", Biometrika 1986).
        """
        ridge = np.full(features.shape[1], DEFAULTS.ridge)
        ridge[0] = BARELY
        weights = np.zeros(features.shape[1])
        # Half a like keeps the chance away from 0 and 1, where no step would lead back.
        rate = (liked.sum() + 0.5) / (len(liked) + 1.0)
        weights[0] = np.log(rate / (1 - rate))
        loss = _loss(weights, features, liked, ridge)
        for _ in range(STEPS):
            chances = _sigmoid(features @ weights)
            slope = features.T @ (liked - chances) - ridge * weights
            step = np.linalg.solve(_curvature(features, chances, ridge), slope)
            # A whole step may overshoot where chances are near 0 or 1; the loss is convex.
            while (shorter := _loss(weights + step, features, liked, ridge)) > loss:
                step = step / 2
                if np.abs(step).max() < SMALL_STEP:
                    break
            else:
                weights, loss = weights + step, shorter
            if np.abs(step).max() < SMALL_STEP:
                break
        return cls(weights, _covariance(weights, features, liked, owners, ridge))

    def chances(self, listed: ListedPlaces) -> Floats:
        """Return the chance of a like of each place (n, PLACES); 0 where it is empty.

        Args:
            listed: places of n users.
        """
        return np.where(listed.filled, _sigmoid(design(listed) @ self.weights), 0.0)


def _sigmoid(values: Floats) -> Floats:
    """The logistic function, without overflow."""
    chances: Floats = 0.5 * (1 + np.tanh(values / 2))
    return chances


def _loss(weights: Floats, features: Floats, liked: Flags, ridge: Floats) -> float:
    """Negative log-likelihood with the ridge."""
    values = features @ weights
    likelihood = np.where(liked, values, 0.0) - np.logaddexp(0.0, values)
    return float(ridge @ weights**2 / 2 - likelihood.sum())


def _curvature(features: Floats, chances: Floats, ridge: Floats) -> Floats:
    """Second derivative (F, F) of the loss."""
    spread = (chances * (1 - chances))[:, None]
    curvature: Floats = features.T @ (features * spread) + np.diag(ridge)
    return curvature


def _covariance(
    weights: Floats, features: Floats, liked: Flags, owners: Rows, ridge: Floats
) -> Floats:
    chances = _sigmoid(features @ weights)
    slopes = features * (liked - chances)[:, None]
    n_users = int(owners.max()) + 1
    of_users = np.column_stack([np.bincount(owners, column, n_users) for column in slopes.T])
    inverse = np.linalg.inv(_curvature(features, chances, ridge))
    covariance: Floats = inverse @ (of_users.T @ of_users) @ inverse
    # Fewer users than weights cannot say how sure they are; this is as wide as it gets.
    return covariance * n_users / max(1, n_users - len(weights))
