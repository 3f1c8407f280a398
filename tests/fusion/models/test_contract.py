"""What every source promises, whoever wrote it; a new file in fusion/models is tested here without a word."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from fusion.core.arrays import offsets
from fusion.data.topk import Pairs
from fusion.models.base.recommender import Allowed
from tests.fusion.models.conftest import unfitted
from tests.fusion.models.data import DAY, chance, checkerboard, dataset, everyone, mixed, nameless

assert_same = np.testing.assert_array_equal


def all_items(n_items, seen=False):
    return Allowed(np.ones(n_items, bool), seen)


def slow_top(scores, users, k, allowed):
    """The obvious way: sort everything that may be listed by falling score, then item."""
    items, values = np.full((len(users), k), -1), np.full((len(users), k), np.nan, np.float32)
    for user in range(len(users)):
        met = (
            set()
            if allowed.seen
            else set(users.items[users.borders[user] : users.borders[user + 1]].tolist())
        )
        may = [
            i
            for i in np.flatnonzero(allowed.items)
            if i not in met and np.isfinite(scores[user, i])
        ]
        for place, item in enumerate(sorted(may, key=lambda i: (-scores[user, i], i))[:k]):
            items[user, place], values[user, place] = item, scores[user, item]
    return items, values


def test_scores_are_float32_of_users_by_items_and_never_infinite(fitted, users):
    scores = fitted.scores(users)
    assert scores.shape == (len(users), users.n_items)
    assert scores.dtype == np.float32
    assert not np.isinf(scores).any()
    assert np.isfinite(scores).any()


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("k", [1, 7, 100])
def test_top_is_the_slow_obvious_top_of_scores(fitted, users, some_allowed, k, seen):
    allowed = Allowed(some_allowed, seen)
    top = fitted.top(users, k, allowed)
    items, values = slow_top(fitted.scores(users), users, k, allowed)
    assert_same(top.items, items)
    assert_same(top.scores, values)
    assert top.items.dtype == np.int32
    assert top.scores.dtype == np.float32


def test_score_pairs_are_the_gathered_scores_bit_for_bit(fitted, users):
    rng = np.random.default_rng(2)
    counts = rng.integers(0, 9, len(users))
    pairs = Pairs(offsets(counts), rng.integers(0, users.n_items, counts.sum()).astype(np.int32))
    assert_same(fitted.score_pairs(users, pairs), fitted.scores(users)[pairs.owners, pairs.items])


def test_weights_told_are_float32_in_the_units_of_the_data_and_the_same_for_each_alone(
    name, fitted, data, users
):
    counts = np.random.default_rng(2).integers(0, 9, len(users))
    pairs = Pairs(
        offsets(counts),
        np.random.default_rng(3).integers(0, users.n_items, counts.sum()).astype(np.int32),
    )
    told = fitted.predict_ratings(users, pairs)
    assert (told is not None) == (name == "neural_mse")
    if told is None:
        return
    assert told.shape == (len(pairs),)
    assert told.dtype == np.float32
    heard = told[~np.isnan(told)]
    assert len(heard)
    assert heard.min() >= data.weights.min()
    assert heard.max() <= data.weights.max()
    for user in range(len(users)):
        some = pairs.of_users(slice(user, user + 1))
        alone = Pairs(np.array([0, counts[user]]), pairs.items[some])
        assert_same(fitted.predict_ratings(users.block(slice(user, user + 1)), alone), told[some])


def test_nearness_is_float32_within_one_and_the_same_for_each_alone(fitted, users):
    counts = np.random.default_rng(2).integers(0, 9, len(users))
    pairs = Pairs(
        offsets(counts),
        np.random.default_rng(3).integers(0, users.n_items, counts.sum()).astype(np.int32),
    )
    near = fitted.history_similarity(users, pairs)
    if near is None:
        return
    assert near.shape == (len(pairs),)
    assert near.dtype == np.float32
    heard = near[~np.isnan(near)]
    assert len(heard)
    assert np.abs(heard).max() <= 1.001
    for user in range(len(users)):
        some = pairs.of_users(slice(user, user + 1))
        alone = Pairs(np.array([0, counts[user]]), pairs.items[some])
        assert_same(
            fitted.history_similarity(users.block(slice(user, user + 1)), alone), near[some]
        )


def test_a_block_of_users_gives_the_same_as_each_alone(fitted, users):
    together = fitted.scores(users)
    top = fitted.top(users, 5, all_items(users.n_items))
    for user in range(len(users)):
        alone = users.block(slice(user, user + 1))
        assert_same(fitted.scores(alone)[0], together[user])
        assert_same(fitted.top(alone, 5, all_items(users.n_items)).items[0], top.items[user])


def test_the_memory_budget_of_a_block_changes_nothing(fitted, users, some_allowed):
    narrow = copy.copy(fitted)
    narrow.block_bytes = 2000
    allowed = Allowed(some_allowed)
    pairs = Pairs.from_lists(fitted.top(users, 6, allowed).items)
    assert_same(narrow.top(users, 6, allowed).items, fitted.top(users, 6, allowed).items)
    assert_same(narrow.score_pairs(users, pairs), fitted.score_pairs(users, pairs))


def test_a_user_nobody_knows_is_served_from_the_history_handed_over(name, fitted, users):
    scores = fitted.scores(nameless(users))
    assert np.isfinite(scores).any(axis=1)[:-1].all()
    if name != "random":
        assert_same(
            fitted.scores(nameless(users, row=10_000)), scores
        )  # a user who came after the fit
    if name not in ("random", "user_knn", "neighbour_trend"):  # these leave out the user in person
        assert_same(fitted.scores(users), scores)


def test_an_empty_history_is_scored_without_a_word(fitted, users):
    unknown_user = nameless(users.block(slice(len(users) - 1, len(users))))
    assert len(unknown_user.items) == 0
    assert not np.isinf(fitted.scores(unknown_user)).any()
    assert fitted.top(unknown_user, 3, all_items(users.n_items)).items.shape == (1, 3)


def test_no_users_at_all(fitted, users):
    nobody = users.block(slice(0, 0))
    assert fitted.scores(nobody).shape == (0, users.n_items)
    assert fitted.top(nobody, 3, all_items(users.n_items)).items.shape == (0, 3)
    assert fitted.score_pairs(
        nobody, Pairs(np.zeros(1, np.int64), np.empty(0, np.int32))
    ).shape == (0,)


def test_items_without_history_are_silent_unless_the_source_says_otherwise(fitted, data, users):
    new = np.flatnonzero(data.item_counts == 0)
    scores = fitted.scores(users)[:, new]
    assert len(new) >= 2
    if fitted.scores_new_items:
        assert np.isfinite(scores).any()
    else:
        assert np.isnan(scores).all()


def test_state_comes_back_from_a_file_bit_for_bit(fitted, users, tmp_path):
    np.savez(tmp_path / "state.npz", **fitted.state())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as kept:
        again = type(fitted).restore(fitted.config, dict(kept))
    assert_same(again.scores(users), fitted.scores(users))
    assert_same(
        again.top(users, 4, all_items(users.n_items)).items,
        fitted.top(users, 4, all_items(users.n_items)).items,
    )


def test_the_same_seed_gives_the_same_numbers(name, data, users):
    assert_same(*(unfitted(name).fit(data, chance(9)).scores(users) for _ in range(2)))


def test_fitting_again_forgets_the_first_fit(name, fresh, data, users):
    fresh.fit(mixed(seed=8), chance())
    assert_same(
        fresh.fit(data, chance(4)).scores(users), unfitted(name).fit(data, chance(4)).scores(users)
    )


def test_a_fit_leaves_the_data_as_it_was(fresh):
    data = mixed()
    before = {
        key: getattr(data, key).copy() for key in ("users", "items", "times", "weights", "liked")
    }
    fresh.fit(data, chance()).scores(everyone(data))
    for key, values in before.items():
        assert_same(getattr(data, key), values)


def test_nothing_later_than_the_cut_is_known(name, data):
    """Physically without later rows and the items that only they had: the same bits."""
    cut = int(data.times[160])
    known = data.before(cut)
    n_items = int(known.items.max()) + 1
    known = known.trim_items(n_items)
    rows = slice(0, len(known))
    bare = dataset(
        data.users[rows].copy(),
        data.items[rows].copy(),
        data.n_users,
        n_items,
        data.times[rows].copy(),
        data.weights[rows].copy(),
    )
    asked = [
        d.users_at(np.arange(d.n_users, dtype=np.int32), np.full(d.n_users, cut))
        for d in (known, bare)
    ]
    assert_same(
        *(
            unfitted(name).fit(d, chance()).scores(u)
            for d, u in zip((known, bare), asked, strict=True)
        )
    )


def test_constant_data_gives_ties_in_item_order(fresh):
    users, items = np.repeat(np.arange(8), 5), np.tile(np.arange(5), 8)
    data = dataset(users, items, 8, 7)
    everybody = everyone(data)
    fresh.fit(data, chance())
    for seen in (True, False):
        top = fresh.top(everybody, 6, all_items(7, seen))
        assert_same(
            top.items, slow_top(fresh.scores(everybody), everybody, 6, all_items(7, seen))[0]
        )


@pytest.mark.parametrize(("n_users", "n_items"), [(1, 6), (6, 1), (1, 1)])
def test_a_single_user_or_a_single_item(fresh, n_users, n_items):
    users, items = np.repeat(np.arange(n_users), n_items), np.tile(np.arange(n_items), n_users)
    data = dataset(users, items, n_users, n_items)
    fresh.fit(data, chance())
    scores = fresh.scores(everyone(data))
    assert scores.shape == (n_users, n_items)
    assert not np.isinf(scores).any()
    assert (
        fresh.top(everyone(data), 2, all_items(n_items)).items == -1
    ).all()  # everything has been met


def test_data_without_weights_fits_as_well(fresh, data):
    plain = replace(data, weights=np.ones(len(data), np.float32), has_weights=False)
    assert np.isfinite(fresh.fit(plain, chance()).scores(everyone(plain))).any()


def test_memory_is_told_and_grows(fresh):
    small, large = (
        fresh.memory_bytes(100, 100, 1000),
        fresh.memory_bytes(100_000, 50_000, 5_000_000),
    )
    assert 0 <= small <= large


def test_ages_are_read_at_the_users_own_moment(fitted, users):
    """A later `as_of` is another question, and must not fail where everything is old."""
    later = replace(users, as_of=users.as_of + 3000 * DAY)
    assert not np.isinf(fitted.scores(later)).any()


def test_what_even_users_take_comes_back_to_the_even_user_it_was_withheld_from(
    name, fresh, collaborative
):
    data, withheld = checkerboard()
    everybody = everyone(data)
    top = fresh.fit(data, chance()).top(everybody, 1, all_items(data.n_items))
    assert_same(top.items[:, 0], withheld)
