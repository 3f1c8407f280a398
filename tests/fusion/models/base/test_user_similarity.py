import numpy as np
import pytest

from fusion.core.arrays import DAY
from fusion.models.base.registry import build
from fusion.testing.data import START, as_unknown, fit_context, make_dataset, mixed_data, users_now


def cosines(left, right, shrink):
    lengths = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=1)[None]
    return left @ right.T / np.maximum(lengths + shrink, 1e-9)


def test_scores_are_neighbours_histories_by_cosine():
    data = mixed_data()
    histories = (data.matrix().toarray() > 0).astype(float)
    similar = cosines(histories, histories, 2.0)
    np.fill_diagonal(similar, 0)
    expected = similar @ histories
    scores = (
        build("user_knn", {"shrink": 2.0, "neighbours": 100})
        .fit(data, fit_context())
        .scores(users_now(data))
    )
    np.testing.assert_allclose(np.nan_to_num(scores), expected, rtol=1e-5)
    np.testing.assert_array_equal(np.isnan(scores), expected == 0)


@pytest.mark.parametrize("use", ["user_knn", "neighbour_trend"])
def test_a_user_is_never_their_own_neighbour(use):
    """User 0 alone took item 3: only as an unknown user do they find a neighbour who took it."""
    data = make_dataset([0, 0, 1, 1, 2], [0, 3, 0, 1, 2], 3, 4)
    model = build(use).fit(data, fit_context())
    user = users_now(data).block(slice(0, 1))
    assert np.isnan(model.scores(user)[0, 3])
    unknown_user = model.scores(as_unknown(user))[0]
    assert unknown_user[3] > 0
    assert unknown_user[1] == model.scores(user)[0, 1]  # and nothing else differs


def test_only_the_nearest_are_heard():
    data = make_dataset([0, 0, 1, 1, 1, 2, 2], [0, 1, 0, 1, 2, 0, 3], 3, 4)
    user = users_now(data).block(slice(0, 1))
    near = build("user_knn", {"neighbours": 10}).fit(data, fit_context()).scores(user)[0]
    nearest = build("user_knn", {"neighbours": 1}).fit(data, fit_context())
    assert near[2] > near[3] > 0
    assert np.isnan(nearest.scores(user)[0, 3])
    assert nearest.scores(user)[0, 2] == near[2]


@pytest.mark.parametrize("moments", [range(95), (60,), (40, 80)], ids=["own", "one", "two"])
def test_the_trend_counts_only_the_days_before_each_users_own_moment(moments):
    data = mixed_data()
    moments = START + np.random.default_rng(0).choice(moments, data.n_users) * DAY
    users = data.users_at(np.arange(data.n_users, dtype=np.int32), moments)
    histories = (data.matrix().toarray() > 0).astype(float)
    similar = cosines(histories, histories, 1.0)
    expected = np.zeros((data.n_users, data.n_items))
    for user, item, time in zip(data.users, data.items, data.times, strict=True):
        lately = (time < moments) & (time >= moments - 12 * DAY) & (np.arange(data.n_users) != user)
        expected[lately, item] += similar[lately, user]
    scores = build("neighbour_trend", {"days": 12.0}).fit(data, fit_context()).scores(users)
    np.testing.assert_allclose(np.nan_to_num(scores), expected, rtol=1e-5)


def test_the_trends_neighbours_are_chosen_among_those_active_lately():
    """User 1 is nearest but long gone: the one neighbour is user 2; in the old days it was 1."""
    data = make_dataset(
        [1, 1, 0, 0, 2, 2],
        [0, 1, 0, 1, 0, 2],
        3,
        3,
        START + np.array([0, 0, 200, 200, 200, 200]) * DAY,
    )
    model = build("neighbour_trend", {"neighbours": 1}).fit(data, fit_context())
    users = data.users_at(np.zeros(2, np.int32), np.array([data.as_of, START + DAY]))
    scores = model.scores(users)
    assert scores[0, 2] > 0
    assert scores[1, 1] > 0
    assert np.isnan(scores[1, 2])


def test_the_trend_hears_only_the_nearest():
    """Users 1 and 2 are active; user 1 shares more, so with one neighbour item 3 stays silent."""
    data = make_dataset([0, 0, 1, 1, 1, 2, 2], [0, 1, 0, 1, 2, 0, 3], 3, 4)
    user = users_now(data).block(slice(0, 1))
    both = build("neighbour_trend", {"neighbours": 2}).fit(data, fit_context()).scores(user)[0]
    one = build("neighbour_trend", {"neighbours": 1}).fit(data, fit_context()).scores(user)[0]
    assert both[2] > both[3] > 0
    assert one[2] == both[2]
    assert np.isnan(one[3])
