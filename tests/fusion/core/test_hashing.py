"""Draws by hash are uniform, and depend on nothing but the seed, the user and the item."""

import numpy as np

from fusion.core.hashing import shares

USERS = np.arange(20_000, dtype=np.int32)


def test_shares_are_uniform():
    drawn = shares(7, USERS)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert abs((drawn < 0.1).mean() - 0.1) < 0.01


def test_shares_depend_on_seed_user_and_item_alone():
    drawn = shares(7, USERS)
    assert np.array_equal(drawn[::-1], shares(7, USERS[::-1]))
    assert not np.array_equal(drawn, shares(8, USERS))
    assert not np.array_equal(drawn, shares(7, USERS, USERS))
