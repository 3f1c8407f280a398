"""Hold-outs of the benchmark: what is hidden, what is asked, and that nothing is both."""

import numpy as np
import polars as pl
import pytest

from benchmarks.quality.holds import Held, hold_last, hold_random, hold_time, judge
from fusion.api import from_frames
from fusion.data.dataset import Dataset

DAY = 86_400


@pytest.fixture(scope="module")
def data() -> Dataset:
    rng = np.random.default_rng(3)
    frame = pl.DataFrame(
        {
            "user": rng.integers(40, size=600),
            "item": rng.integers(60, size=600),
            "time": np.sort(rng.integers(100 * DAY, size=600)) + 1_600_000_000,
        }
    )
    return from_frames(
        frame, settings={"columns": {"user": "user", "item": "item", "time": "time"}}
    )


def pairs(data: Dataset, users: np.ndarray, items: np.ndarray) -> set[int]:
    return set((users.astype(np.int64) * data.n_items + items).tolist())


def known(held: Held) -> set[int]:
    return pairs(held.known, held.known.users, held.known.items)


def asked(held: Held) -> set[int]:
    return pairs(held.known, held.label_users, held.label_items)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_last_hides_the_nth_last_and_all_after_it(data, n):
    held = hold_last(data, n)
    for user in range(data.n_users):
        mine = data.items[data.users == user].tolist()
        rest = mine[: max(0, len(mine) - n)]
        assert held.known.items[held.known.users == user].tolist() == rest
        wanted = {mine[-n]} - set(rest) if len(mine) >= n else set()
        assert set(held.label_items[held.label_users == user].tolist()) == wanted


@pytest.mark.parametrize("n", [1, 2])
def test_time_judges_the_first_hidden_window(data, n):
    held = hold_time(data, n, 10)
    cut = data.as_of - n * 10 * DAY * 1000
    assert held.known.times.max() < cut
    window = (data.times >= cut) & (data.times < cut + 10 * DAY * 1000)
    assert asked(held) == pairs(data, data.users[window], data.items[window]) - known(held)
    assert (held.as_of == cut).all()


def test_random_folds_of_a_seed_share_no_label_and_leave_the_rest(data):
    folds = [hold_random(data, n, 0.2, 5) for n in (1, 2, 3)]
    everything = pairs(data, data.users, data.items)
    for held in folds:
        assert known(held) | asked(held) == everything
        assert not known(held) & asked(held)
        assert not held.known.has_times
        assert set(held.users.tolist()) == set(
            held.label_users.tolist()
        )  # who is asked keeps a history
    assert not asked(folds[0]) & asked(folds[1])
    assert not asked(folds[0]) & asked(folds[2])
    assert len(asked(folds[0])) == pytest.approx(0.2 * len(everything), rel=0.1)
    assert asked(hold_random(data, 1, 0.2, 5)) == asked(folds[0])
    assert asked(hold_random(data, 1, 0.2, 6)) != asked(folds[0])


def test_a_list_that_opens_with_the_only_label_is_worth_1(data):
    held = hold_last(data, 1)
    lists = np.full((len(held.users), 10), -1, np.int32)
    first = np.searchsorted(held.label_users, held.users)
    lists[:, 0] = held.label_items[first]
    assert (judge(held, lists) == 1).all()
    lists[:, 1], lists[:, 0] = lists[:, 0].copy(), -1
    assert judge(held, lists) == pytest.approx(1 / np.log2(3))
