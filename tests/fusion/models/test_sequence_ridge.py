"""Sequence ridge: the closed form by the letter, a planted order, nothing later than the cut."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.errors import ConfigError
from fusion.models.base.registry import build, known
from fusion.models.linear import near_pairs
from fusion.models.linear.closed_form import ridge_weights
from fusion.testing.data import START, fit_context, make_dataset, mixed_data, users_now
from fusion.testing.reference import all_allowed
from fusion.training.sources import LeftOut, left_out
from tests.fusion.models.conftest import SMALL
from tests.fusion.models.linear.slow_ridge import slow_weights
from tests.fusion.models.planted import cycles, everyone

ORDERLESS = [
    name for name, cls in known().items() if name not in {"neural", "sequence", "sequence_ridge"}
]


def histories_of(data):
    """Items of each user, oldest first, as lists."""
    users = users_now(data)
    return np.split(users.items.tolist(), users.borders[1:-1])


def fitted(data, **how):
    return build("sequence_ridge", how).fit(data, fit_context())


events = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), min_size=1, max_size=40)
windows = st.fixed_dictionaries(
    {
        "last": st.integers(1, 6),
        "ahead": st.integers(1, 5),
        "half_life": st.floats(0.5, 8),
        "reg": st.floats(0.5, 50),
        "max_items": st.integers(1, 8),
    }
)


@settings(max_examples=60, deadline=None)
@given(events, windows)
def test_weights_are_those_of_the_regression_by_the_letter(pairs, how):
    users, items = zip(*pairs, strict=True)
    data = make_dataset(users, items, 5, 9)
    model = fitted(data, **how)
    falling = sorted(set(items), key=lambda item: (-items.count(item), item))
    assert model.items_.tolist() == sorted(falling[: how["max_items"]])
    histories = [history.tolist() for history in histories_of(data)]
    expected = slow_weights(histories, model.items_.tolist(), model.config)
    np.testing.assert_allclose(model.weights_, expected, atol=2e-6)
    assert model.weights_.dtype == np.float32
    assert model.weights_.flags.c_contiguous


def test_scores_are_the_newest_events_halved_times_weights():
    data = mixed_data()
    model = fitted(data, last=4, half_life=2.0)
    users = users_now(data)
    scores = model.scores(users)
    for user, history in enumerate(histories_of(data)[:-1]):
        profile = np.zeros(data.n_items)
        for age, item in enumerate(history[::-1][:4]):
            profile[item] += 0.5 ** (age / 2)
        expected = profile[model.items_] @ model.weights_
        np.testing.assert_allclose(scores[user, model.items_], expected, atol=1e-5)
    assert np.isnan(scores[-1]).all()  # no event, no score
    np.testing.assert_array_equal(model.scores(users.last(4)), scores)


def successors_found(name, data, users):
    """Share of users whose list begins with the item that follows their newest one."""
    model = build(name, SMALL.get(name)).fit(data, fit_context())
    first = model.top(users, 1, all_allowed(data.n_items, seen=True)).items[:, 0]
    newest = users.items[users.borders[1:] - 1]
    return (first == (newest + 1) % data.n_items).mean()


def test_where_each_item_has_its_successor_no_orderless_source_comes_near():
    data = cycles(length=24)  # twice round, so that everyone has met everything
    users = everyone(data)
    assert successors_found("sequence_ridge", data, users) == 1.0
    able = [name for name in ORDERLESS if build(name).required() <= data.capabilities]
    found = {name: successors_found(name, data, users) for name in able}
    assert len(found) >= 8
    assert max(found.values()) < 0.2, found


def test_older_items_say_what_the_newest_leaves_open():
    """After 0 comes 2 where 4 stood before it, and 3 where 5 did."""
    walks = [[4, 0, 2], [5, 0, 3]] * 30
    pairs = [(user, item) for user, walk in enumerate(walks) for item in walk]
    users, items = zip(*pairs, strict=True)
    model = fitted(make_dataset(users, items, 60, 6), reg=1.0)
    asked = make_dataset([0, 0, 1, 1], [4, 0, 5, 0], 2, 6)
    top = model.top(users_now(asked), 1, all_allowed(6))
    assert top.items[:, 0].tolist() == [2, 3]


def test_equal_times_keep_the_order_of_rows():
    data = make_dataset([0, 0, 0], [0, 1, 2], 1, 3, [START] * 3)
    model = fitted(data, last=1, ahead=1)
    assert set(zip(*np.nonzero(model.weights_), strict=True)) == {(0, 1), (1, 2)}


def test_a_fit_knows_nothing_after_the_cut():
    """Whatever comes later, and whoever: the same bits."""
    data = mixed_data()
    cut = int(data.times[160])
    later = len(data) - len(data.before(cut))
    others = np.random.default_rng(1).integers(0, data.n_items, later).astype(np.int32)
    changed = replace(data, items=np.append(data.items[:-later], others))
    assert not np.array_equal(changed.items, data.items)
    one, other = (fitted(part.before(cut)) for part in (data, changed))
    np.testing.assert_array_equal(one.items_, other.items_)
    np.testing.assert_array_equal(one.weights_, other.weights_)


def test_neither_blocks_nor_threads_change_a_bit(monkeypatch):
    whole = fitted(mixed_data())
    monkeypatch.setattr(near_pairs, "SUM_BYTES", 30 * 8 * 4)  # four rows at a time
    split = build("sequence_ridge").fit(mixed_data(), replace(fit_context(), threads=2))
    np.testing.assert_array_equal(split.weights_, whole.weights_)


def test_the_most_taken_items_take_part_and_the_others_are_silent():
    data = mixed_data()
    model = fitted(data, max_items=7)
    kept = np.sort(data.item_counts)[::-1][:7]
    np.testing.assert_array_equal(np.sort(data.item_counts[model.items_])[::-1], kept)
    silent = np.setdiff1d(np.arange(data.n_items), model.items_)
    scores = model.scores(users_now(data))
    assert np.isnan(scores[:, silent]).all()
    assert np.isfinite(scores[:, model.items_]).any()


def test_a_fit_takes_no_more_memory_than_was_estimated():
    """Of so many items a third matrix would not fit into the estimate."""
    items = np.random.default_rng(0).permutation(np.arange(20_000) % 2500)
    data = make_dataset(np.sort(items % 100), items, 100, 2500)
    tracemalloc.start()
    model = fitted(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(model.items_) == 2500
    assert peak < model.memory_bytes(100, 2500, len(data)) < 1.5 * peak


def test_memory_stops_growing_with_the_catalogue():
    source = build("sequence_ridge")
    assert source.memory_bytes(10_000, 5_000, 10**6) == source.memory_bytes(10_000, 10**6, 10**6)
    wide = build("sequence_ridge", {"max_items": 50_000})
    assert wide.memory_bytes(100_000, 50_000, 10**6) > 18 * 2**30


def test_a_search_takes_fewer_items_where_there_are_many(monkeypatch):
    data = mixed_data()
    assert build("sequence_ridge").tuning_overrides(data) == {}
    monkeypatch.setattr("fusion.models.sequence_ridge.MAX_TUNED_ITEMS", 7)
    assert build("sequence_ridge").tuning_overrides(data) == {"max_items": 7}
    assert build("sequence_ridge", {"max_items": 5}).tuning_overrides(data) == {}


def test_too_little_regularisation_says_what_to_do():
    equal = np.ones((2, 2), np.float32)
    with pytest.raises(ConfigError, match=r"reg=0\.0; raise reg"):
        ridge_weights(equal.copy(), equal.copy(order="F"), 0.0)


def test_data_without_events_gives_silence():
    model = fitted(make_dataset([], [], 2, 3))
    assert np.isnan(model.scores(users_now(make_dataset([0], [1], 2, 3)))).all()


def test_without_times_there_is_no_order():
    timeless = replace(make_dataset([0, 0, 1, 1], [0, 1, 0, 1], 2, 2), has_times=False)
    assert left_out(build("sequence_ridge"), timeless, 1.0) == LeftOut(
        "data", "left out: the data has no times"
    )
