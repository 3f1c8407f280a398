"""Ranked lists against the slow, obvious version, and their back-fill on a planted case."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.core.arrays import offsets
from fusion.data.ranked_lists import backfill, top_k_lists
from tests.fusion.making import dataset, frame_of
from tests.fusion.strategies import NUMBERS, QUICK

CANDIDATES = st.lists(
    st.lists(st.tuples(NUMBERS, st.sampled_from([0.0, 1.0, 2.0, math.nan])), max_size=6),
    min_size=1,
    max_size=3,
)
"""For each user, the (score, fallback score) of their candidates."""


@QUICK
@given(CANDIDATES, st.integers(1, 7))
def test_scored_candidates_come_first_and_silent_ones_by_the_fallback(users, size):
    scores = np.array([c[0] for user in users for c in user], np.float32)
    fallback_scores = np.array([c[1] for user in users for c in user], np.float32)
    items = np.array([100 - n for user in users for n in range(len(user))], np.int32)
    borders = offsets(np.array([len(user) for user in users]))
    rows = np.arange(len(users), dtype=np.int32)

    def by_fallback(n):
        fallback = fallback_scores[n]
        silent = math.isnan(fallback)
        return silent, 0 if silent else -fallback, items[n]

    lists = top_k_lists(rows, borders, items, scores, fallback_scores, size)
    for row in rows:
        own = range(borders[row], borders[row + 1])
        scored = [n for n in own if math.isfinite(scores[n])]
        scored.sort(key=lambda n: (-scores[n], items[n]))
        silent = [n for n in own if not math.isfinite(scores[n])]
        silent.sort(key=by_fallback)
        expected = [int(items[n]) for n in scored + silent][:size]
        assert lists.items[row].tolist() == expected + [-1] * (size - len(expected))
        values = lists.scores[row, : len(expected)]
        assert np.isfinite(values).all()
        assert (np.diff(values) <= 0).all()
        assert np.isnan(lists.scores[row, len(expected) :]).all()


def test_backfill_takes_popular_items_that_are_new_to_the_user():
    data = dataset(frame_of([("a", "x", 1), ("a", "y", 2), ("b", "z", 3), ("b", "w", 3)]))
    users = data.users_at(np.array([0, 1], np.int32), np.full(2, data.as_of))
    short = top_k_lists(
        users.rows,
        np.array([0, 1, 1]),
        np.array([2], np.int32),
        np.array([5.0], np.float32),
        np.zeros(1, np.float32),
        3,
    )
    popular = np.array([3, 2, 1, 0], np.int32)
    filled = backfill(short, users, popular, seen_again=False)
    assert filled.items.tolist() == [[2, 3, -1], [1, 0, -1]]
    assert filled.scores[0, :2].tolist() == [5, 4]
    assert filled.scores[1, :2].tolist() == [-1, -2]
    again = backfill(short, users, popular, seen_again=True)
    assert again.items.tolist() == [[2, 3, 1], [3, 2, 1]]
