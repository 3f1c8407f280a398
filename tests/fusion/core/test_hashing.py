"""Draws by hash are uniform, and depend on nothing but the seed, the user and the item."""

import numpy as np

from fusion.core.hashing import shares

USERS = np.arange(20_000, dtype=np.int32)


def test_shares_are_uniform():
    draws = shares(7, USERS)
    assert draws.min() >= 0
    assert draws.max() < 1
    assert abs((draws < 0.1).mean() - 0.1) < 0.01


def test_shares_depend_on_seed_user_and_item_alone():
    draws = shares(7, USERS)
    assert np.array_equal(draws[::-1], shares(7, USERS[::-1]))
    assert not np.array_equal(draws, shares(8, USERS))
    assert not np.array_equal(draws, shares(7, USERS, USERS))
