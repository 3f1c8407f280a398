"""Who comes back: shares by state, counted the slow way."""

import numpy as np
import polars as pl
import pytest

from fusion.core.arrays import DAY
from fusion.evaluation.estimate.returning import ReturnShares
from fusion.evaluation.estimate.states import UserStates
from tests.fusion.making import START, dataset, frame_of

ROWS = [
    ("a", "x", 1), ("a", "y", 9), ("a", "z", 9.5), ("a", "w", 9.6),
    ("b", "x", 2),
    ("c", "x", 8), ("c", "y", 8.5, False),
    ("d", "y", 9.9, False),
]  # fmt: skip


def states_of(recent, idle) -> UserStates:
    n_users = len(recent)
    return UserStates(
        users=np.arange(n_users, dtype=np.int32),
        routes=np.zeros(n_users, np.int32),
        recent=np.array(recent, np.int32),
        idle=np.array(idle, float),
    )


def test_a_state_is_what_was_known_at_the_moment():
    data = dataset(frame_of(ROWS), as_of=START + 10 * DAY)
    rows = {name: int(data.user_ids.rows(pl.Series([name]))[0]) for name in "abcd"}
    users = np.array([rows[name] for name in "abcd"], np.int32)
    states = UserStates.of(data, users, window=2, sparse=3)
    assert states.recent.tolist() == [3, 0, 1, 0]
    assert states.idle == pytest.approx([0.2, 4.0, 0.75, 0.05])
    assert states.routes.tolist() == [0, 1, 1, 1]
    assert states.take(states.recent > 0).users.tolist() == [rows["a"], rows["c"]]


def test_shares_are_those_of_users_in_the_same_state():
    rng = np.random.default_rng(1)
    recent = rng.choice([0, 0, 1, 2, 3, 5, 9, 40, 500], 4000)
    idle = np.where(recent > 0, rng.random(4000), rng.choice([0.5, 1.5, 3, 5, 9, 30], 4000))
    back = rng.random(4000) < np.where(recent > 0, 0.1 + 0.05 * np.log2(recent + 1), 0.3 / idle)
    states = states_of(recent, idle)
    half = np.arange(4000) < 2000
    fitted = ReturnShares.fit([(states.take(half), back[half]), (states.take(~half), back[~half])])
    told = fitted.of(states)

    def slow_state(at):
        if recent[at] == 0:
            return "idle", sum(idle[at] >= border for border in (2, 4, 8))
        return "active", sum(recent[at] >= border for border in (2, 4, 8, 16, 32))

    by_state: dict = {}
    for at in range(4000):
        by_state.setdefault(slow_state(at), []).append(at)
    overall = back.mean()
    for members in by_state.values():
        share = (back[members].sum() + overall) / (len(members) + 1)
        assert told[members] == pytest.approx(share)
    assert told.sum() == pytest.approx(back.sum(), rel=0.01)


def test_a_state_that_nobody_was_in_has_the_share_of_all():
    states = states_of([1] * 10, [0.5] * 10)
    fitted = ReturnShares.fit([(states, np.arange(10) < 4)])
    assert fitted.of(states_of([0], [20.0])) == pytest.approx([0.4])
