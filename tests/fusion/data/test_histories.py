"""Blocks of users' histories against the interactions they are cut from."""

from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.data.histories import UserHistories
from fusion.models.base.history_matrix import all_users
from tests.fusion.making import dataset, frame_of
from tests.fusion.strategies import EVENTS, QUICK


@QUICK
@given(EVENTS, st.integers(1, 4), st.integers(0, 5))
def test_users_are_their_own_events_in_time_order(rows, n, n_items):
    data = dataset(frame_of(rows))
    backwards = np.arange(data.n_users, dtype=np.int32)[::-1].copy()
    users = data.users_at(backwards, np.full(len(backwards), data.as_of))
    assert users.counts.tolist() == data.user_counts[backwards].tolist()
    for position, row in enumerate(backwards):
        events = np.flatnonzero(data.users == row)
        items = data.items[events]
        block = users.block(slice(position, position + 1))
        assert block.items.tolist() == items.tolist()
        assert block.last(n).times.tolist() == data.times[events][-n:].tolist()
        assert block.trim_items(n_items).items.tolist() == [i for i in items if i < n_items]
        counts = np.bincount(items, minlength=data.n_items)
        assert block.history.toarray()[0].tolist() == counts.tolist()
        assert block.seen.toarray()[0].tolist() == (counts > 0).tolist()


@QUICK
@given(EVENTS)
def test_all_users_at_once_are_a_block_of_all_of_them(rows):
    data = dataset(frame_of(rows))
    at_once, block = all_users(data), data.users_at(every_row(data), data.last_times)
    for field in fields(UserHistories):
        one, other = getattr(at_once, field.name), getattr(block, field.name)
        np.testing.assert_array_equal(one, other)
        assert np.asarray(one).dtype == np.asarray(other).dtype


def every_row(data):
    """The rows of all users."""
    return np.arange(data.n_users, dtype=np.int32)


def test_an_unknown_user_has_no_history():
    unknown_user = UserHistories.unknown_user(5, 3)
    assert len(unknown_user) == 1
    assert unknown_user.rows.tolist() == [-1]
    assert unknown_user.history.nnz == 0
    assert unknown_user.seen.shape == (1, 3)
