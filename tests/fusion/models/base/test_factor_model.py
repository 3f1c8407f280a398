from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fusion.data.topk import Pairs, best
from fusion.models.base.allowed import Allowed
from fusion.models.base.exact_sums import round_for_exact_sums
from fusion.models.base.factor_model import NEWEST, FactorModel
from fusion.models.base.registry import build
from fusion.testing.data import (
    as_unknown,
    checkerboard_data,
    fit_context,
    make_dataset,
    mixed_data,
    users_now,
)
from tests.fusion.models.data import all_pairs


class Planted(FactorModel):
    """Vectors given, not learned: users' by row."""

    def __init__(self, items: Any, vectors: Any, user_vectors: Any) -> None:
        self.items_ = items
        self.vectors_ = vectors.astype(np.float32)
        self.planted = user_vectors.astype(np.float32)

    def user_vectors(self, users):
        return self.planted[users.rows]

    fit = state = restore = memory_bytes = None


Planted.__abstractmethods__ = frozenset()


def test_sums_of_products_are_exact_in_any_order():
    rng = np.random.default_rng(0)
    for n_factors in (1, 2, 3, 64, 200):
        left, right = (
            round_for_exact_sums(rng.normal(size=(50, n_factors)).astype(np.float32) * 1e3)
            for _ in range(2)
        )
        turned = rng.permutation(n_factors)
        forward = np.einsum("uf,if->ui", left, right)
        np.testing.assert_array_equal(forward, left[:, turned] @ right[:, turned].T)
        np.testing.assert_array_equal(forward, [[float(sum(a * b)) for b in right] for a in left])


def test_rounding_costs_no_more_than_float32_itself():
    vectors = np.random.default_rng(0).normal(size=(100, 64)).astype(np.float32)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    assert (np.abs(round_for_exact_sums(vectors) - vectors) <= largest * 2.0**-23).all()


@pytest.mark.parametrize("seen", [True, False])
def test_ties_wider_than_what_is_fetched_go_to_the_lower_item(seen):
    """Sixty items share three vectors: the k-th place is tied with more than the spare ones."""
    n_items = 60
    data = make_dataset(np.arange(8), np.arange(8), 8, n_items)
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(3, 4))[np.arange(n_items) % 3]
    model = Planted(np.arange(n_items, dtype=np.int32), vectors, rng.normal(size=(8, 4)))
    users, allowed = users_now(data), Allowed(rng.random(n_items) < 0.9, seen)
    scores = model.scores(users)
    allowed.mask(scores, users)
    for k in (1, 2, 19, 21, 50, 70):
        expected = best(scores, k)
        top = model.top(users, k, allowed)
        np.testing.assert_array_equal(top.items, expected.items)
        np.testing.assert_array_equal(top.scores, expected.scores)


@pytest.mark.parametrize("n_factors", [1, 5, 300])
@pytest.mark.parametrize("scale", [1e-25, 1e-18, 1.0, 1e17])
@pytest.mark.parametrize("apart", [0.0, 1e-8, 3e-7, 1.0])
def test_lists_have_the_bits_of_whole_rows_however_close_scores_are(n_factors, scale, apart):
    """Products in half the bits choose what may come first, and never decide."""
    rng = np.random.default_rng([n_factors, int(1 / scale), int(1e9 * apart)])
    n_items = 900
    data = make_dataset(np.arange(6), np.arange(6), 6, n_items)
    kinds = rng.normal(size=(3, n_factors))[rng.integers(3, size=n_items)]
    vectors = scale * (kinds + apart * rng.normal(size=kinds.shape))
    planted = scale * rng.normal(size=(6, n_factors))
    planted[2] = np.nan
    items = np.sort(rng.choice(n_items, 850, replace=False)).astype(np.int32)
    model = Planted(items, vectors[items], planted)
    users, allowed = users_now(data), Allowed(rng.random(n_items) < 0.9)
    scores = model.scores(users)
    allowed.mask(scores, users)
    for k in (1, 20, 150, 900):
        expected, top = best(scores, k), model.top(users, k, allowed)
        assert top.items.tobytes() == expected.items.tobytes()
        assert top.scores.tobytes() == expected.scores.tobytes()


def test_scores_that_differ_in_float64_only_are_ties():
    """The published score is float32; what it cannot tell apart must come in item order."""
    data = make_dataset([0], [0], 1, 40)
    vectors = np.full((40, 2), 1.0)
    vectors[:, 1] = np.arange(40) * 2.0**-20
    model = Planted(np.arange(40, dtype=np.int32), vectors, np.array([[1.0, 2.0**-10]]))
    top = model.top(users_now(data), 3, Allowed(np.ones(40, bool), seen=True))
    scores = model.scores(users_now(data))
    assert len(np.unique(scores)) < 40
    np.testing.assert_array_equal(top.items, best(scores, 3).items)


def test_als_solves_for_the_history_it_is_given():
    """By the normal equations of the paper, in float64; whoever the user is."""
    data = mixed_data()
    settings = {"factors": 8, "alpha": 3.0, "regularization": 0.5, "weighting": "log"}
    als = build("als", settings).fit(data, fit_context())
    users = users_now(data)
    vectors = als.vectors_.astype(float)
    confidence = 3.0 * np.log1p(data.matrix().toarray()[:, als.items_])
    for user in range(data.n_users - 1):
        extra = confidence[user] - (confidence[user] > 0)
        left = vectors.T @ vectors + vectors.T @ (extra[:, None] * vectors) + 0.5 * np.eye(8)
        right = vectors.T @ confidence[user]
        np.testing.assert_allclose(
            als.user_vectors(users)[user], np.linalg.solve(left, right), rtol=1e-3, atol=1e-4
        )
    np.testing.assert_array_equal(als.user_vectors(as_unknown(users)), als.user_vectors(users))
    assert np.isnan(als.user_vectors(users)[-1]).all()


def test_als_says_where_it_learned():
    data = mixed_data()
    assert build("als", {"factors": 4}).fit(data, fit_context()).notes == {"device": "cpu"}
    asked = build("als", {"factors": 4}).fit(data, replace(fit_context(), device="cuda"))
    assert asked.notes["device"] in ("cpu", "cuda")
    assert build("als", {"factors": 4, "gpu": False}).fit(
        data, replace(fit_context(), device="cuda")
    ).notes == {"device": "cpu"}


@pytest.mark.gpu
def test_als_learns_on_a_gpu():
    gpu = pytest.importorskip("implicit.gpu")
    if not gpu.HAS_CUDA:
        pytest.skip("implicit finds no CUDA device")
    data, withheld = checkerboard_data()
    als = build("als", {"factors": 32}).fit(data, replace(fit_context(), device="cuda"))
    assert als.notes["device"] == "cuda"
    top = als.top(users_now(data), 1, Allowed(np.ones(data.n_items, bool)))
    np.testing.assert_array_equal(top.items[:, 0], withheld)


def test_similarity_is_the_cosine_to_the_most_alike_of_the_newest_items():
    """By pairs, the obvious way; items 6 and up have no vector, and user 3 has no other."""
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(6, 3))
    histories = [list(range(5)), [2], [], [7], [6, 1]]
    data = make_dataset(
        np.repeat(np.arange(5), [len(t) for t in histories]),
        np.concatenate(histories).astype(int),
        5,
        8,
    )
    model = Planted(np.arange(6, dtype=np.int32), vectors, rng.normal(size=(5, 3)))
    users = users_now(data)
    similarity = model.history_similarity(users, all_pairs(users)).reshape(5, 8)
    lengths = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ vectors.T / lengths / lengths[:, None]
    for user, items in enumerate(histories):
        known = [item for item in items if item < 6]
        expected = cosines[:, known].max(axis=1) if known else np.full(6, np.nan)
        np.testing.assert_allclose(similarity[user, :6], expected, atol=1e-6)
        assert np.isnan(similarity[user, 6:]).all()


def test_similarity_looks_no_further_back_than_the_newest_items():
    n_items = NEWEST + 2
    vectors = np.eye(n_items)
    vectors[-1] = vectors[0]
    data = make_dataset(np.zeros(n_items - 1, int), np.arange(n_items - 1), 1, n_items)
    model = Planted(np.arange(n_items, dtype=np.int32), vectors, np.ones((1, n_items)))
    similarity = model.history_similarity(
        users_now(data), Pairs(np.array([0, 2]), np.array([1, n_items - 1], np.int32))
    )
    assert similarity.tolist() == [1, 0]
