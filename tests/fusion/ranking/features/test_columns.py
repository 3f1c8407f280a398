"""Every feature by hand, on three users and four items."""

import numpy as np
import polars as pl
import pytest

from fusion.data.topk import Pairs
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import PRIOR, ItemStatistics
from fusion.ranking.features.registry import FEATURES
from tests.fusion.making import DAY, START, dataset, frame_of

EVENTS = [("ann", "a", 0), ("ann", "b", 100), ("bob", "a", 390), ("cid", "c", 399)]
"""User, item, day."""
GENRES = {"a": ["x"], "b": ["x", "y"], "c": ["y"], "d": []}
NAN = float("nan")
ITEMS = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def data():
    items = pl.DataFrame({"id": list(GENRES), "genres": list(GENRES.values())})
    weight = pl.Series([5.0, 1.0, 4.0, 2.0], dtype=pl.Float32)
    return dataset(frame_of(EVENTS, weight=weight), items, has_weights=True)


@pytest.fixture(scope="module")
def columns(data):
    """Features of all four items for ann on day 400, by name and in the order of `ITEMS`."""
    items = data.item_ids.rows(pl.Series(ITEMS))
    ann = data.user_ids.rows(pl.Series(["ann"]))
    users = data.users_at(ann, np.array([START + 400 * DAY]))
    assert items.tolist() == sorted(items)
    scores = np.array([[3.0, NAN], [2.0, 5.0], [1.0, 9.0], [NAN, NAN]], np.float32)
    places = np.array([[1.0, NAN], [NAN, 2.0], [NAN, 1.0], [NAN, NAN]], np.float32)
    similarities = {"als": np.array([0.5, 0.1, 0.2, NAN], np.float32)}
    pairs = Pairs.from_lists(items[None, :])
    candidates = Candidates(users, ("ease", "als"), pairs, scores, places, {}, similarities)
    return feature_columns(candidates, ItemStatistics(data))


def share(taken: float, total: float) -> float:
    return np.log((taken + 0.5) / (total + 1))


EXPECTED = {
    "ease_rank": [1, 2, 3, NAN],
    "ease_rr": [1, 1 / 2, 1 / 3, NAN],
    "ease_z": [1.5**0.5, 0, -(1.5**0.5), NAN],
    "ease_proposed": [1, 0, 0, 0],
    "als_rank": [NAN, 2, 1, NAN],
    "als_rr": [NAN, 1 / 2, 1, NAN],
    "als_z": [NAN, -1, 1, NAN],
    "als_proposed": [0, 1, 1, 0],
    "als_near": [0.5, 0.1, 0.2, NAN],
    "blend": [1 / 61, 1 / 62 + 1 / 62, 1 / 63 + 1 / 61, 0],
    "proposed_by": [1, 1, 1, 0],
    "best_rank": [1, 2, 1, 1e6],
    "user_events": [np.log(3)] * 4,
    "user_mainstream": [(np.log(3) + np.log(2)) / 2] * 4,
    "user_idle_days": [300] * 4,
    "item_share": [share(2, 4), share(1, 4), share(1, 4), share(0, 4)],
    "item_share_7d": [share(0, 1), share(0, 1), share(1, 1), share(0, 1)],
    "item_share_28d": [share(1, 2), share(0, 2), share(1, 2), share(0, 2)],
    "item_share_91d": [share(1, 2), share(0, 2), share(1, 2), share(0, 2)],
    "item_share_365d": [share(1, 3), share(1, 3), share(1, 3), share(0, 3)],
    "item_trend": [
        share(1, 2) - share(1, 3),
        share(0, 2) - share(1, 3),
        share(1, 2) - share(1, 3),
        share(0, 2) - share(0, 3),
    ],
    "item_age_days": [400, 300, 1, NAN],
    "item_idle_days": [10, 300, 1, NAN],
}


def test_every_feature_is_here():
    by_hand = {"item_weight", "category_affinity", "category_affinity_last"}
    assert {feature.name for feature in FEATURES} <= {*EXPECTED, *by_hand}


def test_columns_stand_in_their_order(columns):
    sources = [name for name in EXPECTED if name.startswith(("ease", "als"))]
    assert list(columns) == [*sources, *(feature.name for feature in FEATURES)]
    assert {column.dtype for column in columns.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_what_it_says(columns, name):
    assert columns[name].tolist() == pytest.approx(EXPECTED[name], abs=1e-5, nan_ok=True)


def test_weights_of_few_are_drawn_towards_the_mean_of_all(columns, data):
    overall = data.weights.mean()
    own = np.bincount(data.items, data.weights, minlength=4)
    expected = (own + PRIOR * overall) / (np.array([2, 1, 1, 0]) + PRIOR)
    assert columns["item_weight"].tolist() == pytest.approx(expected.tolist(), rel=1e-5)


def test_affinity_is_the_mean_log_lift_of_the_items_categories(columns):
    # Three of four events carry x, two carry y; ann's two items carry x twice and y once.
    x = np.log((2 + PRIOR * 0.75) / (2 + PRIOR) / 0.75 + 1e-3)
    y = np.log((1 + PRIOR * 0.5) / (2 + PRIOR) / 0.5 + 1e-3)
    for name in ("category_affinity", "category_affinity_last"):
        expected = [x, (x + y) / 2, y, NAN]
        assert columns[name].tolist() == pytest.approx(expected, abs=1e-5, nan_ok=True)
