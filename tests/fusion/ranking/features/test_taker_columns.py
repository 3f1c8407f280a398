"""Features of vectors of users: by hand, against a slow version, and point in time."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.ranking.candidates import Candidates
from fusion.ranking.features import taker_columns
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.registry import RECENT_EVENTS
from tests.fusion.making import DAY, START, dataset, frame_of, replaced, synthetic_interactions
from tests.fusion.ranking.features.test_side_columns import columns_of

NAN = float("nan")
NAME = "takers_looks_cosine"


@pytest.fixture(scope="module")
def shop():
    """Ann and bo are alike, cid is not, and of dan nothing is known."""
    events = [
        ("ann", "a", 0),
        ("bo", "b", 10),
        ("cid", "a", 20),
        ("cid", "b", 30),
        ("dan", "c", 40),
    ]
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    return replace(dataset(frame_of(events)), user_vectors={"looks": vectors})


def of(shop, user, day):
    moments = np.array([START + day * DAY])
    columns = columns_of(shop, np.array([user], np.int32), np.arange(3), moments)
    return columns[NAME].tolist()


def same(values):
    return pytest.approx(values, nan_ok=True, abs=1e-6)


def test_columns_by_hand(shop):
    half = np.sqrt(0.5)
    # Ann took a herself, and is compared with cid alone; dan's vector is missing.
    assert of(shop, 0, 50) == same([0, half, NAN])
    assert of(shop, 1, 50) == same([half, 0, NAN])
    assert of(shop, 2, 50) == same([0, 0, NAN])
    assert of(shop, 3, 50) == same([NAN] * 3)


def test_who_takes_it_at_the_moment_or_later_does_not_count(shop):
    assert of(shop, 1, 20) == same([1, NAN, NAN])
    assert of(shop, 0, 10) == same([NAN] * 3)


def test_without_vectors_of_users_there_is_no_column(shop):
    plain = replace(shop, user_vectors={})
    columns = columns_of(plain, np.zeros(1, np.int32), np.arange(3), np.array([shop.as_of]))
    assert NAME not in columns


def test_nobody_is_like_a_user_whom_the_data_does_not_know(shop):
    nobody = UserHistories.unknown_user(shop.as_of, shop.n_items)
    known_last = replace(shop, user_vectors={"looks": shop.user_vectors["looks"][::-1].copy()})
    pairs = Pairs.from_lists(np.arange(3, dtype=np.int32)[None, :])
    nothing = np.ones((3, 1), np.float32)
    candidates = Candidates(nobody, ("ease",), pairs, nothing, nothing, {}, {})
    columns = feature_columns(candidates, ItemStatistics(known_last))
    assert np.isnan(columns[NAME]).all()


@pytest.fixture(scope="module")
def random_shop():
    data = dataset(synthetic_interactions(seed=4, n_users=30, n_items=12, n_events=700))
    vectors = np.random.default_rng(2).normal(size=(data.n_users, 6)).astype(np.float32)
    vectors[::5] = 0
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return replace(data, user_vectors={"looks": vectors / lengths})


def slow(data, user, item, moment):
    vectors = data.user_vectors["looks"].astype(np.float64)
    events = np.flatnonzero((data.items == item) & (data.times < moment))[-RECENT_EVENTS:]
    mean = sum((vectors[one] for one in data.users[events] if one != user), np.zeros(6))
    if not mean.any() or not vectors[user].any():
        return NAN
    return vectors[user] @ mean / np.linalg.norm(mean)


def everyone(data):
    users = np.arange(data.n_users, dtype=np.int32)
    return users, START + users.astype(np.int64) * 3 * DAY


def test_the_fast_version_is_the_slow_one(random_shop, monkeypatch):
    monkeypatch.setattr(taker_columns, "CHUNK_ROWS", 7)
    users, moments = everyone(random_shop)
    found = columns_of(random_shop, users, np.arange(random_shop.n_items), moments)[NAME]
    expected = [
        slow(random_shop, user, item, moment)
        for user, moment in zip(users, moments, strict=True)
        for item in range(random_shop.n_items)
    ]
    assert found.tolist() == pytest.approx(expected, nan_ok=True, abs=1e-5)
    assert 100 < np.isfinite(found).sum() < len(found)


def test_no_bit_depends_on_who_else_is_in_the_block_or_on_what_comes_later(random_shop):
    users, moments = everyone(random_shop)
    together = columns_of(random_shop, users, np.arange(random_shop.n_items), moments)[NAME]
    for user in users:
        one = slice(user, user + 1)
        rows = slice(user * random_shop.n_items, (user + 1) * random_shop.n_items)
        past = random_shop.times < moments[user]
        short = replaced(
            random_shop,
            **{
                name: getattr(random_shop, name)[past]
                for name in ("users", "items", "times", "weights", "liked")
            },
        )
        alone = columns_of(short, users[one], np.arange(random_shop.n_items), moments[one])[NAME]
        assert alone.tobytes() == together[rows].tobytes()
