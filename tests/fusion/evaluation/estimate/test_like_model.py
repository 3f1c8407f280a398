"""The chance of a like: planted weights come back, and the fit is that of a slow optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from fusion.evaluation.estimate.defaults import DEFAULTS
from fusion.evaluation.estimate.like_model import LikeModel, design
from tests.fusion.evaluation.estimate.planted import WEIGHTS, drawn, listed, true_chances


def parts(window):
    filled = window.listed.filled
    owners = np.nonzero(filled)[0].astype(np.int32)
    return design(window.listed)[filled], window.hits[filled], owners


def test_planted_weights_come_back():
    rng = np.random.default_rng(1)
    model = LikeModel.fit(*parts(drawn(rng, listed(rng, 20_000))))
    off = (model.weights - WEIGHTS) / np.sqrt(np.diag(model.covariance))
    assert np.abs(off).max() < 3
    places = listed(rng, 300)
    assert model.chances(places) == pytest.approx(true_chances(places), abs=0.02)


def test_an_empty_place_is_never_liked():
    rng = np.random.default_rng(1)
    model = LikeModel.fit(*parts(drawn(rng, listed(rng, 400))))
    places = listed(rng, 40)
    assert (model.chances(places)[~places.filled] == 0).all()
    assert (model.chances(places)[places.filled] > 0).all()


def test_the_fit_is_that_of_a_slow_optimiser():
    rng = np.random.default_rng(2)
    features, liked, owners = parts(drawn(rng, listed(rng, 60)))
    ridge = np.array([0.0, 1, 1, 1, 1]) * DEFAULTS.ridge

    def loss(weights):
        total = ridge @ weights**2 / 2
        for row, like in zip(features, liked, strict=True):
            value = row @ weights
            total += np.log1p(np.exp(value)) - (value if like else 0.0)
        return total

    slow = minimize(loss, np.zeros(5), method="BFGS").x
    assert LikeModel.fit(features, liked, owners).weights == pytest.approx(slow, abs=1e-3)


def test_what_is_expected_of_those_it_was_fitted_on_is_what_they_liked():
    rng = np.random.default_rng(3)
    window = drawn(rng, listed(rng, 500))
    model = LikeModel.fit(*parts(window))
    assert model.chances(window.listed).sum() == pytest.approx(window.hits.sum(), rel=1e-6)


def test_the_covariance_is_that_of_other_users():
    """By drawing users anew: likes of one user go together, and their places are not alone."""
    rng = np.random.default_rng(4)
    weights, spreads = [], []
    for _ in range(120):
        places = listed(rng, 250)
        # Half of the users like twice as readily as the other half, on all of their places.
        level = np.where(rng.random(250) < 0.5, 0.8, -0.8)[:, None]
        window = drawn(rng, places, level=0.0)
        logits = np.log(np.maximum(true_chances(places), 1e-9)) + level
        hits = (rng.random(places.z.shape) < np.exp(np.minimum(logits, -0.01))) & places.filled
        model = LikeModel.fit(*parts(type(window)("verdict", places, hits, window.labels)))
        weights.append(model.weights)
        spreads.append(np.sqrt(np.diag(model.covariance)))
    told = np.mean(spreads, axis=0)
    seen = np.std(weights, axis=0, ddof=1)
    assert told == pytest.approx(seen, rel=0.25)


@pytest.mark.parametrize("liked", [0, 1, 9])
def test_few_likes_and_nothing_but_likes_are_fitted(liked):
    rng = np.random.default_rng(5)
    places = listed(rng, 3, sparse=0.0)
    features = design(places)[places.filled]
    flags = np.zeros(len(features), bool)
    flags[:liked] = True
    model = LikeModel.fit(features, flags, np.nonzero(places.filled)[0].astype(np.int32))
    assert np.isfinite(model.weights).all()
    assert np.isfinite(model.covariance).all()
    everything = LikeModel.fit(features, ~np.zeros(len(features), bool), np.arange(len(features)))
    assert everything.chances(places)[places.filled].min() > 0.9


def test_a_score_far_beyond_all_others_says_no_more():
    rng = np.random.default_rng(6)
    model = LikeModel.fit(*parts(drawn(rng, listed(rng, 400))))
    places = listed(rng, 5)
    places.z[:, 0] = 1e6
    far = model.chances(places)[:, 0]
    places.z[:, 0] = DEFAULTS.widest_z
    assert model.chances(places)[:, 0] == pytest.approx(far)
