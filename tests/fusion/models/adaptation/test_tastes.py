"""Pairs of a taste and the item taken next, against a slow way to make them."""

import numpy as np

from fusion.models.adaptation.settings import Taste
from fusion.models.adaptation.tastes import endless_batches, next_items, taste_weights
from fusion.testing.data import mixed_data, users_now


def slow_pairs(data, items, taste):
    order, borders = data.by_user
    found = []
    for user in range(data.n_users):
        own = [event for event in order[borders[user] : borders[user + 1]]]
        own = [event for event in own if data.items[event] in items]
        for place in range(1, len(own)):
            weights = np.zeros(len(items))
            for back, event in enumerate(reversed(own[max(0, place - taste.last) : place])):
                column = np.searchsorted(items, data.items[event])
                weights[column] += data.weights[event] * 0.5 ** (back / taste.half_life)
            found.append((weights, np.searchsorted(items, data.items[own[place]])))
    return found


def test_pairs_are_those_of_the_slow_way():
    data = mixed_data()
    items = np.array([item for item in range(data.n_items) if item % 9 != 8], np.int32)
    taste = Taste(last=3, half_life=2.0)
    pairs = next_items(data, items, taste)
    slow = slow_pairs(data, items, taste)
    assert len(pairs) == len(slow) > 100
    fast = pairs.tastes(np.arange(len(pairs)), taste).toarray()
    np.testing.assert_allclose(fast, [weights for weights, _ in slow], rtol=1e-6)
    targets = pairs.items[pairs.targets]
    assert targets.tolist() == [target for _, target in slow]
    counts = np.bincount(targets, minlength=len(items))
    np.testing.assert_allclose(
        np.exp(pairs.log_chance), np.maximum(counts, 1) / len(pairs), rtol=1e-5
    )


def test_a_taste_when_scoring_is_the_one_that_training_saw():
    data = mixed_data()
    items = np.arange(data.n_items, dtype=np.int32)
    taste = Taste(last=4, half_life=3.0)
    order, borders = data.by_user
    before_last = np.setdiff1d(np.arange(len(data)), order[borders[1:] - 1])
    keep = np.zeros(len(data), bool)
    keep[before_last] = True
    scored = taste_weights(users_now(data.take(keep)), taste).toarray()
    pairs = next_items(data, items, taste)
    trained = pairs.tastes(np.arange(len(pairs)), taste).toarray()
    for user in range(data.n_users):
        events = np.flatnonzero(data.users == user)
        if len(events) > 1:
            ends = np.searchsorted(pairs.targets, borders[user + 1] - 1)
            np.testing.assert_allclose(trained[ends], scored[user], rtol=1e-6)


def test_a_dislike_is_read_and_never_a_target():
    data = mixed_data()
    data.liked[::3] = False
    pairs = next_items(data, np.arange(data.n_items, dtype=np.int32), Taste(5, 2.0))
    order, _ = data.by_user
    assert data.liked[order[pairs.targets]].all()
    read = pairs.tastes(np.arange(len(pairs)), Taste(5, 2.0))
    assert read.nnz > 0
    assert len(pairs.items) == len(data)


def test_every_pair_is_met_once_a_round():
    batches = endless_batches(7, 3, np.random.default_rng(0))
    met = np.concatenate([next(batches) for _ in range(3)])
    assert sorted(met.tolist()) == list(range(7))
