"""Neural trained on weights: planted ratings, the range of the fit, silence, equal bits."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.models.base.allowed import Allowed
from fusion.models.neural import Neural
from fusion.models.nn.settings import NeuralConfig
from fusion.training.sources import LeftOut, left_out
from tests.fusion.models.data import all_pairs
from tests.fusion.models.planted import context, dataset, everyone

SMALL = NeuralConfig(
    loss="mse", size=16, last=8, encoder="none", batch=16, learning_rate=0.01, dropout=0.0
)
assert_same = np.testing.assert_array_equal


def rated(n_users=80, n_items=12, length=10, seed=0):
    """Users take items at random; even users like even items (5, else 2), odd users odd ones."""
    rng = np.random.default_rng(seed)
    taken = [rng.permutation(n_items)[:length] for _ in range(n_users)]
    data = dataset([(u, taken[u][step]) for step in range(length) for u in range(n_users)], n_items)
    weights = np.where(data.users % 2 == data.items % 2, 5, 2).astype(np.float32)
    return replace(data, weights=weights, has_weights=True)


@pytest.fixture(scope="module")
def data():
    return rated()


@pytest.fixture(scope="module")
def fitted(data):
    return Neural(SMALL).fit(data, context(max_steps=400))


def test_planted_weights_are_told_of_items_not_yet_taken(data, fitted):
    """Which user it is shows only in the weights of the history: the items alone say nothing."""
    users = everyone(data)
    pairs = all_pairs(users)
    told = fitted.predict_ratings(users, pairs)
    new = ~users.seen.toarray().astype(bool)[pairs.owners, pairs.items]
    truth = np.where(pairs.owners % 2 == pairs.items % 2, 5, 2)
    assert np.sqrt(np.mean((told[new] - truth[new]) ** 2)) < 0.5  # 1.5 by any constant
    assert told.dtype == np.float32
    assert told.min() >= 2
    assert told.max() <= 5


def test_lists_are_in_the_order_of_expected_weights(data, fitted):
    users = everyone(data)
    pairs = all_pairs(users)
    told = fitted.predict_ratings(users, pairs).reshape(len(users), 12)
    scores = fitted.scores(users)
    assert (
        np.argmax(told, axis=1) == np.argmax(scores, axis=1)
    ).mean() > 0.9  # where rounding makes no tie
    top = fitted.top(users, 1, Allowed(np.ones(12, bool), seen=True))
    assert (top.items[:, 0] % 2 == np.arange(len(users)) % 2).mean() > 0.95


def test_strangers_are_told_the_same_and_weights_outside_the_range_count_as_its_borders(
    data, fitted
):
    users = everyone(data)
    pairs = all_pairs(users)
    told = fitted.predict_ratings(users, pairs)
    assert_same(
        fitted.predict_ratings(replace(users, rows=np.full(len(users), -1, np.int32)), pairs), told
    )
    wide = replace(users, weights=np.where(users.weights == 5, 99, -3).astype(np.float32))
    assert_same(fitted.predict_ratings(wide, pairs), told)


def test_nobody_is_told_anything_without_a_history(data, fitted):
    users = everyone(data).block(slice(0, 1))
    none = {name: getattr(users, name)[:0] for name in ("items", "times", "weights")}
    nobody = replace(users, borders=np.zeros(2, np.int64), **none)
    assert np.isnan(fitted.predict_ratings(nobody, all_pairs(nobody))).all()


def test_the_number_of_steps_is_found_by_squared_error_and_repeats_the_model(data):
    config = SMALL.model_copy(update={"steps": 200, "check": 40})
    found = Neural(config).fit(data, context())
    assert 40 <= found.notes["steps"] <= 200
    again = Neural(config).fit(data, context(max_steps=found.notes["steps"]))
    for name, values in found.state().items():
        assert_same(again.state()[name], values)
    users = everyone(data)
    kept = Neural.restore(config, found.state())
    assert_same(
        kept.predict_ratings(users, all_pairs(users)),
        found.predict_ratings(users, all_pairs(users)),
    )


def test_one_weight_for_all_is_told_to_all(data):
    flat = replace(data, weights=np.full_like(data.weights, 3))
    model = Neural(SMALL).fit(flat, context(max_steps=3))
    users = everyone(flat)
    assert set(model.predict_ratings(users, all_pairs(users)).tolist()) == {3.0}


def test_without_weights_it_sits_out_with_a_sentence_and_softmax_tells_none(data):
    bare = replace(data, has_weights=False)
    assert left_out(Neural(SMALL), bare, 4) == LeftOut("data", "left out: the data has no weights")
    assert left_out(Neural(SMALL), data, 4) is None
    plain = SMALL.model_copy(update={"loss": "softmax"})
    assert left_out(Neural(plain), bare, 4) is None
    users = everyone(data)
    assert (
        Neural(plain).fit(data, context(max_steps=3)).predict_ratings(users, all_pairs(users))
        is None
    )
