"""Draws by hash are uniform, and depend on nothing but the seed, the user and the item."""

import numpy as np
import pytest

from fusion.core.hashing import raw_bytes, shares

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


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.arange(6).reshape(2, 3)[:, ::2],
        np.array([True, False]),
        np.empty((0, 3), np.int64),
        np.array(3.0),
        np.array(["a", "bc"]),
    ],
)
def test_an_array_is_hashed_by_its_bytes_without_a_copy_of_it(array):
    viewed = np.asarray(raw_bytes(array))
    assert viewed.tobytes() == array.tobytes()
    assert np.shares_memory(viewed, array) == bool(array.flags.c_contiguous and array.size)
