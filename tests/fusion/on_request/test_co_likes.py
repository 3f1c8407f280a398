"""Lists from a few likes: what the same users like, by a regression with few kept covariances."""

import numpy as np
import pytest

from fusion.errors import DataError
from fusion.on_request import count_co_likes as counting
from fusion.on_request import likes as counted
from fusion.on_request.co_likes import CO_LIKES, CoLikes
from fusion.on_request.count_co_likes import count_co_likes
from tests.fusion.making import dataset, frame_of, synthetic_dataset

SEED = 3
FIELDS = ("items", "shares", "near", "covariances")


@pytest.fixture(scope="module")
def two_tastes():
    """All like the hit; every other item is liked by half of its taste."""
    rng, rows = np.random.default_rng(3), []
    for user in range(80):
        taste = "ab"[user % 2]
        liked = [f"{taste}{item}" for item in rng.permutation(8)[:4]] + ["hit"]
        rows += [(f"u{user}", item, day) for day, item in enumerate(liked)]
    rows += [("u1", "rare", 6), ("u3", "rare", 6)]
    return dataset(frame_of(rows))


def rows_of(data, *ids):
    return np.array([data.item_ids.values.to_list().index(one) for one in ids], np.int32)


def listed(data, ids, k=5, may=None):
    may = np.ones(data.n_items, bool) if may is None else may
    ranked = count_co_likes(data, SEED).rank(rows_of(data, *ids), may, k)
    assert set(ranked.sources) <= {CO_LIKES}
    assert (np.diff(ranked.scores) <= 0).all()
    return data.item_ids.texts(ranked.items).to_list()


def slow_scores(data, liked):
    """Score by a regression on all covariances, step by step."""
    likes = np.zeros((data.n_users, data.n_items))
    for user, item, is_liked in zip(data.users, data.items, data.liked, strict=True):
        likes[user, item] = max(likes[user, item], float(is_liked))
    likes = likes[likes.any(axis=1)]
    shares = likes.mean(axis=0)
    covariance = likes.T @ likes / len(likes) - np.outer(shares, shares)
    most_known = np.sort(shares[likes.sum(axis=0) >= counted.FEWEST_LIKES])[::-1][:200]
    noise = (most_known * (1 - most_known)).mean()
    own = covariance[np.ix_(liked, liked)] + noise * np.eye(len(liked))
    return shares + covariance[:, liked] @ np.linalg.solve(own, 1 - shares[liked])


def test_the_hit_comes_first_and_then_the_taste_of_what_is_liked(two_tastes):
    for taste in "ab":
        names = listed(two_tastes, [f"{taste}0", f"{taste}1"], 7)
        assert names[0] == "hit"
        assert {name[0] for name in names[1:]} == {taste}
        assert not {f"{taste}0", f"{taste}1"} & {*names}


def test_what_may_not_be_listed_is_not_and_what_few_like_neither(two_tastes):
    may = np.ones(two_tastes.n_items, bool)
    may[rows_of(two_tastes, "hit")] = False
    names = listed(two_tastes, ["a0"], 100, may)
    assert not {"hit", "rare", "a0"} & {*names}
    assert len(names) == 15


def test_items_that_few_like_say_nothing(two_tastes):
    assert listed(two_tastes, ["rare"]) == []
    assert listed(two_tastes, ["rare", "a0"]) == listed(two_tastes, ["a0"])
    assert listed(two_tastes, ["a0", "a0"]) == listed(two_tastes, ["a0"])


@pytest.fixture
def whole(monkeypatch):
    """All covariances of some data are kept."""
    monkeypatch.setattr(counting, "NEAREST", 10_000)
    return count_co_likes(synthetic_dataset(), SEED)


def test_scores_are_those_of_the_regression_written_out(whole):
    data, co_likes = synthetic_dataset(), whole
    liked = co_likes.items[[4, 9, 2]]
    ranked = co_likes.rank(liked, np.ones(data.n_items, bool), data.n_items)
    assert len(ranked.items) == len(co_likes.items) - 3
    wanted = slow_scores(data, np.sort(liked))[ranked.items]
    np.testing.assert_allclose(ranked.scores, wanted, atol=1e-5)


def test_only_the_largest_covariances_are_kept_and_count_both_ways(whole, monkeypatch):
    monkeypatch.setattr(counting, "NEAREST", 5)
    monkeypatch.setattr(counting, "BLOCK", 4)
    few = count_co_likes(synthetic_dataset(), SEED)
    assert few.near.shape == few.covariances.shape == (len(whole.items), 5)
    for place, covariances in enumerate(whole.covariances):
        largest = np.sort(np.abs(covariances))[-5:]
        np.testing.assert_array_equal(np.sort(np.abs(few.covariances[place])), largest)
        np.testing.assert_array_equal(few.covariances[place], covariances[few.near[place]])
    # An item of which another is not among the nearest, though it is among the nearest of that one.
    is_near = np.zeros((len(few.items), len(few.items)), bool)
    np.put_along_axis(is_near, few.near.astype(int), True, axis=1)
    one, other = np.argwhere(is_near & ~is_near.T)[0]
    kept = few._covariances_with(np.array([one, other]))
    assert kept[one, 1] == kept[other, 0] == whole.covariances[one, other]


def test_the_file_gives_back_the_same_and_a_damaged_one_is_named(two_tastes, tmp_path):
    whole = count_co_likes(two_tastes, SEED)
    whole.write(tmp_path / "co_likes.parquet")
    read = CoLikes.read(tmp_path / "co_likes.parquet")
    again = count_co_likes(two_tastes, SEED)
    for field in FIELDS:
        assert getattr(read, field).dtype == getattr(whole, field).dtype
        np.testing.assert_array_equal(getattr(read, field), getattr(whole, field))
        np.testing.assert_array_equal(getattr(again, field), getattr(whole, field))
    (tmp_path / "co_likes.parquet").write_bytes(b"no table")
    with pytest.raises(DataError, match=r"co_likes\.parquet is damaged"):
        CoLikes.read(tmp_path / "co_likes.parquet")


def test_where_nobody_likes_what_others_like_there_is_no_list(tmp_path):
    data = dataset(frame_of([("u1", "a", 1), ("u2", "b", 1)]))
    count_co_likes(data, SEED).write(tmp_path / "co_likes.parquet")
    for file in ("co_likes.parquet", "of_an_older_release.parquet"):
        ranked = CoLikes.read(tmp_path / file).rank(rows_of(data, "a"), np.ones(2, bool), 5)
        assert not len(ranked.items)
