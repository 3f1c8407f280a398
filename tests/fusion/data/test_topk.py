"""Best-k lists and candidate pairs against the slow, obvious version."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fusion.data.topk import Pairs, best
from tests.fusion.strategies import LISTS, NUMBERS, QUICK

MATRICES = st.tuples(st.integers(0, 4), st.integers(0, 9)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=NUMBERS)
)


def slow_best(row: np.ndarray, k: int) -> list[int]:
    usable = [column for column, score in enumerate(row) if math.isfinite(score)]
    return sorted(usable, key=lambda column: (-row[column], column))[:k]


@QUICK
@given(MATRICES, st.integers(1, 12))
def test_best_is_a_stable_sort_of_what_is_finite(scores, k):
    top = best(scores, k)
    assert top.items.shape == top.scores.shape == (len(scores), k)
    for row, listed, values in zip(scores, top.items.tolist(), top.scores, strict=True):
        expected = slow_best(row, k)
        assert listed == expected + [-1] * (k - len(expected))
        assert values[: len(expected)].tolist() == row[expected].tolist()
        assert np.isnan(values[len(expected) :]).all()


def test_best_of_many_columns_with_ties_at_the_border():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, size=(20, 300)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.3] = np.nan
    scores[3] = np.nan
    top = best(scores, 7)
    for row, listed in zip(scores, top.items.tolist(), strict=True):
        expected = slow_best(row, 7)
        assert listed == expected + [-1] * (7 - len(expected))


@pytest.mark.parametrize("n_items", [29, 300, 1601])
@pytest.mark.parametrize("distinct", [2, 40, 10**6])
def test_best_of_groups_of_columns_misses_none(n_items, distinct):
    rng = np.random.default_rng(n_items + distinct)
    scores = rng.integers(0, distinct, size=(30, n_items)).astype(np.float32)
    # Rows with next to nothing above the rest, and rows whose best stand in one group.
    scores[:5] = np.where(rng.random((5, n_items)) < 0.02, scores[:5], 0)
    scores[5:10, :: n_items // 7] += distinct
    top = best(scores, 7)
    for row, listed in zip(scores, top.items.tolist(), strict=True):
        assert listed == slow_best(row, 7)


@QUICK
@given(LISTS)
def test_pairs_are_the_sorted_distinct_items_of_each_user(lists):
    pairs = Pairs.from_lists(lists)
    owners = []
    for user, row in enumerate(lists.tolist()):
        distinct_items = sorted(set(row) - {-1})
        owners += [user] * len(distinct_items)
        of_user = pairs.of_users(slice(user, user + 1))
        assert pairs.items[of_user].tolist() == distinct_items
    assert pairs.owners.tolist() == owners
