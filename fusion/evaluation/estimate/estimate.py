"""What lists are worth before anybody has seen them, given that a user comes back.

A chance of a like for each place, fitted on lists of past windows as they would have been served,
is summed over the lists that are about to be served. Users weigh by the chance that they come
back, as realised figures are over those who do. Nothing is later than the data of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags
from fusion.data.segments import ROUTES
from fusion.evaluation.estimate.like_model import FEATURES, LikeModel, design
from fusion.evaluation.estimate.places import IDEALS, LabelledPlaces, ListedPlaces
from fusion.evaluation.estimate.report import EstimateFigure, EstimateReport, SegmentEstimate
from fusion.evaluation.estimate.states import Floats
from fusion.evaluation.estimate.windows import (
    PLACE_WEIGHTS,
    cross_fitted,
    fit_windows,
    ideals_by_route,
    observed_in,
)
from fusion.evaluation.promise.defaults import DEFAULTS as OF_PROMISE
from fusion.evaluation.promise.interval import (
    between_windows,
    interval_around,
    mixture_margin,
    rough_variance,
)
from fusion.evaluation.promise.promise import past_figures
from fusion.evaluation.promise.window_figure import WINDOW, PastWindow, WindowFigure
from fusion.lists.first_places import PLACES

ALL = "all"
"""Segment of everybody with a list."""
PAST = {"precision": "precision@10", "dcg": "precision@10", "ndcg": "ndcg@10"}
"""Metric of past windows by which each figure's windows differ; DCG counts hits, as precision."""
MOST = {"precision": 1.0, "dcg": float(IDEALS[PLACES]), "ndcg": 1.0}


@dataclass(frozen=True)
class Served:
    """The lists that are about to be served.

    Attributes:
        listed: places of a sample of n users.
        chances: (n,) that each of them comes back.
        lists: users with a list, sampled or not.
        days: of the window in which they may come back.
        is_taught: a ranker orders the lists, which is fitted anew to serve.
    """

    listed: ListedPlaces
    chances: Floats
    lists: int
    days: int
    is_taught: bool


def estimate_lists(
    served: Served, windows: Sequence[LabelledPlaces], past: Sequence[PastWindow]
) -> EstimateReport | None:
    """Estimate what lists are worth to those who come back.

    Args:
        served: the lists.
        windows: places of past windows, the verdict's last; each ordered by a ranker that knew
            nothing of its labels.
        past: what rows that need no ranker scored in past windows, oldest first.

    Returns:
        The estimate; None where past lists were hardly liked, or nobody is expected.
    """
    # On very little data nobody with a label may have had a candidate.
    windows = [each for each in windows if len(each)]
    model = fit_windows(windows)
    if model is None or not served.chances.sum():
        return None
    estimator = _Estimator(served, windows, past, model, ideals_by_route(windows))
    routes = served.listed.states.routes
    members = {ALL: np.ones(len(routes), bool)}
    members |= {name: routes == index for index, name in enumerate(ROUTES)}
    return EstimateReport(
        days=served.days,
        k=PLACES,
        lists=served.lists,
        sampled=len(routes),
        fitted={each.name: len(each) for each in windows},
        windows=_n_windows(past_figures(past, WINDOW, PAST["ndcg"])),
        weights=dict(zip(FEATURES, model.weights.tolist(), strict=True)),
        segments={
            name: estimator.segment(name, among) for name, among in members.items() if among.any()
        },
        cross_fitted=cross_fitted(windows),
    )


@dataclass(frozen=True)
class _Estimator:
    """Everything by which a segment is estimated."""

    served: Served
    windows: Sequence[LabelledPlaces]
    past: Sequence[PastWindow]
    model: LikeModel
    ideals: Floats

    def segment(self, name: str, among: Flags) -> SegmentEstimate:
        """Estimate the figures of some of the served users."""
        everybody, chances = float(self.served.chances.sum()), self.served.chances[among]
        back = chances / chances.sum()
        places = self.served.listed.take(among)
        likes = self.model.chances(places)
        ideals = self.ideals[places.states.routes]
        weights = {metric: back[:, None] * one for metric, one in PLACE_WEIGHTS.items()}
        # Averaged over routes by who comes back, as each user has the ideal of their route.
        weights["ndcg"] = weights["dcg"] / ideals[:, None]
        # How much the chance of each place moves with the weights of the model.
        slopes = (likes * (1 - likes))[:, :, None] * design(places)
        users = float(chances.sum()) * self.served.lists / len(self.served.chances)
        figures = {}
        for metric, of_places in weights.items():
            value = float((likes * of_places).sum())
            gradient = np.einsum("nk,nkf->f", of_places, slopes)
            of_model = float(gradient @ self.model.covariance @ gradient)
            figures[metric] = self._figure(metric, name, value, of_model, users)
        return SegmentEstimate(
            users=users,
            share=float(chances.sum()) / everybody,
            ideal=float(back @ ideals),
            likes=(back @ likes).tolist(),
            figures=figures,
        )

    def _figure(
        self, metric: str, segment: str, value: float, of_model: float, users: float
    ) -> EstimateFigure:
        """A figure with its interval: by the model, users, another fit, and how windows differ."""
        rows = past_figures(self.past, WINDOW, PAST[metric])
        observed = self._observed(metric, segment)
        is_known = _n_windows(rows) >= OF_PROMISE.least_windows
        if not is_known or len(observed) < OF_PROMISE.least_users or value <= 0:
            return EstimateFigure(value=value)
        of_user = rough_variance(WindowFigure.of(observed)) * len(observed)
        # The error of the mean ideal is left out: who has more labels likes more of a list, too, so
        # that the quotient is surer than its divisor.
        own = of_model + of_user / users
        if self.served.is_taught:
            of_window = of_user * len(self.windows) / len(observed)
            own += self._apart * OF_PROMISE.refit_share * of_window
        margin = mixture_margin(own + self._apart * between_windows(rows) * value**2)
        low, high = interval_around(value, margin, MOST[metric])
        return EstimateFigure(value=value, low=low, high=high)

    def _observed(self, metric: str, segment: str) -> Floats:
        """Values of a segment's users in all past windows."""
        parts = []
        for window in self.windows:
            routes = window.listed.states.routes
            among = routes >= 0 if segment == ALL else routes == ROUTES.index(segment)
            parts.append(observed_in(window)[metric][among])
        return np.concatenate(parts)

    @property
    def _apart(self) -> float:
        """How far a new window lies from the mean of those that were fitted on.

        Two windows, and the rankers that order them, differ by twice the variance of one; one and
        the mean of several by less. This is the share of the former.
        """
        sizes = np.array([len(each) for each in self.windows])
        shares = sizes / sizes.sum()
        return (1 + float(shares @ shares)) / 2


def _n_windows(rows: Sequence[Sequence[WindowFigure]]) -> int:
    """Past windows that are known."""
    return max((len(row) for row in rows), default=0)
