"""Metrics by hand, and against the slow version."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fusion.metrics.bootstrap import (
    Interval,
    paired_gap,
    resampled_means,
    resampled_means_of_alike,
    user_counts,
)
from fusion.metrics.catalogue import coverage, gini, novelty, popularity
from fusion.metrics.ranking import auc, hits_of, ndcg, per_user
from fusion.ranking.features.rank_fusion import blend

LISTS = np.array([[4, 2, 7, 1], [3, -1, -1, -1], [-1, -1, -1, -1]], np.int32)
USERS = np.array([0, 5, 9], np.int32)
LABELS = (np.array([0, 0, 0, 5, 6, 9], np.int32), np.array([2, 1, 8, 3, 4, 1], np.int32))


def test_hits_and_counts():
    hits, counts = hits_of(LISTS, USERS, *LABELS)
    assert hits.tolist() == [[False, True, False, True], [True, False, False, False], [False] * 4]
    assert counts.tolist() == [3, 1, 1]


def test_every_metric_by_hand():
    hits, counts = hits_of(LISTS, USERS, *LABELS)
    found = per_user(hits, counts, 4)
    gained = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 + 1 / math.log2(3) + 0.5
    want = {
        "ndcg@4": [gained / ideal, 1, 0],
        "recall@4": [2 / 3, 1, 0],
        "precision@4": [2 / 4, 1 / 4, 0],
        "f1@4": [2 * (2 / 3) * 0.5 / (2 / 3 + 0.5), 2 * 0.25 / 1.25, 0],
        "map@4": [(1 / 2 + 2 / 4) / 3, 1, 0],
        "mrr@4": [1 / 2, 1, 0],
        "hit@4": [1, 1, 0],
    }
    assert found.keys() == want.keys()
    for name, values in want.items():
        assert found[name].tolist() == pytest.approx(values), name
    # Cut at one: only the first place counts, and the ideal is one hit.
    assert per_user(hits, counts, 1)["ndcg@1"].tolist() == [0, 1, 0]
    assert per_user(hits, counts, 1)["recall@1"].tolist() == [0, 1, 0]
    # Lists shorter than k: what is not there is no hit, and precision still divides by k.
    assert per_user(hits, counts, 10)["precision@10"].tolist() == pytest.approx([0.2, 0.1, 0])
    assert per_user(hits, counts, 10)["ndcg@10"].tolist() == pytest.approx([gained / ideal, 1, 0])


def test_users_without_labels_and_no_users_at_all():
    none = np.empty(0, np.int32)
    hits, counts = hits_of(LISTS, USERS, none, none)
    assert not hits.any()
    assert all(not values.any() for values in per_user(hits, counts, 10).values())
    hits, counts = hits_of(LISTS[:0], USERS[:0], *LABELS)
    assert hits.shape == (0, 4)
    assert len(counts) == 0


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(1, 6))),
    st.integers(1, 8),
    st.integers(0, 3),
)
def test_ndcg_is_gain_over_the_best_gain(hits, k, more):
    counts = (hits.sum(axis=1) + more).astype(np.int32)
    for row, count, value in zip(hits, counts, ndcg(hits, counts, k), strict=True):
        gained = sum(1 / math.log2(at + 2) for at, hit in enumerate(row[:k]) if hit)
        ideal = sum(1 / math.log2(at + 2) for at in range(min(count, k)))
        assert value == pytest.approx(gained / ideal if ideal else 0, abs=1e-6)
        assert 0 <= value <= 1 + 1e-6


def test_shape_of_lists():
    lists = np.array([[0, 1], [0, 1], [0, -1]], np.int32)
    assert coverage(lists, 4) == 0.5
    assert coverage(lists[:0], 0) == 0
    assert gini(np.array([[0], [1], [2]], np.int32), 3) == pytest.approx(0)
    assert gini(np.array([[0], [0], [0]], np.int32), 4) == pytest.approx(0.75)
    counts = [3, 2, 0, 0]
    slow = sum(abs(a - b) for a in counts for b in counts) / (2 * 4 * sum(counts))
    assert gini(lists, 4) == pytest.approx(slow)
    assert gini(lists[:0], 4) == 0
    bits = [-math.log2(4 / 8)] * 3 + [-math.log2(1 / 8)] * 2
    assert novelty(lists, np.array([4, 1, 3, 0])) == pytest.approx(np.mean(bits))
    assert novelty(np.array([[3]], np.int32), np.array([4, 1, 3, 0])) == pytest.approx(3)
    assert novelty(lists[:0], np.array([1])) == 0


def test_popularity_is_beside_the_most_taken_item():
    lists = np.array([[0, 1], [2, -1]], np.int32)
    assert popularity(lists, np.array([8, 4, 0, 6])) == pytest.approx((1 + 0.5 + 0) / 3)
    assert popularity(lists[:0], np.array([8, 4])) == 0
    assert popularity(lists, np.zeros(4, np.int32)) == 0


def test_auc_by_hand():
    nan = np.nan
    users = [
        ([3.0, 2.0, 1.0], [1, 0, 0], 1.0),
        ([3.0, 2.0, 1.0], [0, 1, 0], 0.5),
        ([1.0, 1.0, 1.0, 1.0], [1, 0, 0, 1], 0.5),  # a constant says nothing
        ([nan, -9.0, -8.0], [1, 0, 0], 0.0),  # silent is below the lowest score
        ([nan, nan, 1.0], [0, 1, 0], 0.25),  # a tie with one silent, below one that is not
        ([nan, nan], [1, 0], 0.5),
        ([1.0, 2.0], [0, 0], nan),  # nothing to find
        ([1.0, 2.0], [1, 1], nan),  # nothing to tell it from
    ]
    scores = np.concatenate([one[0] for one in users]).astype(np.float32)
    labels = np.concatenate([one[1] for one in users]).astype(np.int32)
    found = auc(scores, labels, np.cumsum([0, *(len(one[0]) for one in users)]))
    assert found.tolist() == pytest.approx([one[2] for one in users], nan_ok=True)
    assert len(auc(scores[:0], labels[:0], np.zeros(1, np.int64))) == 0


candidate = st.tuples(st.sampled_from([np.nan, -1.0, 0.0, 0.5, 2.0]), st.integers(0, 1))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(candidate, min_size=1, max_size=7), min_size=1, max_size=5))
def test_auc_is_the_share_of_pairs_in_order(users):
    def slow(rows):
        heard = [(-math.inf if math.isnan(score) else score, label) for score, label in rows]
        ones = [score for score, label in heard if label]
        others = [score for score, label in heard if not label]
        wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in ones for b in others]
        return sum(wins) / len(wins) if wins else math.nan

    scores = np.array([score for rows in users for score, _ in rows], np.float32)
    labels = np.array([label for rows in users for _, label in rows], np.int32)
    found = auc(scores, labels, np.cumsum([0, *map(len, users)]))
    assert found.tolist() == pytest.approx([slow(rows) for rows in users], nan_ok=True, abs=1e-6)


def test_blend_is_reciprocal_rank_fusion():
    ranks = np.array([[1, 2], [np.nan, 1], [np.nan, np.nan]], np.float32)
    assert blend(ranks).tolist() == pytest.approx([1 / 61 + 1 / 62, 1 / 61, 0])


def test_resamples_are_shared_by_all_rows_and_drawn_with_replacement():
    one, two = list(user_counts(50, 3, 10)), list(user_counts(50, 3, 10))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, list(user_counts(50, 4, 10)))
    assert {float(counts.sum()) for counts in one} == {50.0}
    assert max(counts.max() for counts in one) > 1
    values = np.random.default_rng(0).random((50, 2))
    draws = resampled_means(values, 3, 10)
    assert draws == pytest.approx(
        np.array([[np.average(v, weights=c) for v in values.T] for c in one])
    )
    alone = resampled_means(values[:, 1:], 3, 10)
    assert np.allclose(draws[:, 1], alone[:, 0], rtol=1e-15)


def test_paired_differences_are_narrow_where_rows_move_together():
    rng = np.random.default_rng(1)
    hard = rng.random(400)
    gap = paired_gap(hard + 0.01 + 0.001 * rng.standard_normal(400), hard, 7)
    assert gap.low > 0.009
    assert gap.high < 0.011
    assert gap.value == pytest.approx(0.01, abs=3e-4)
    apart = paired_gap(rng.random(400) + 0.01, hard, 7)
    assert apart.low < 0 < apart.high or apart.high - apart.low > 0.05


def test_the_interval_covers_what_it_says():
    """Over 200 samples of 80 users, 95 % intervals hold the true mean about that often."""
    rng = np.random.default_rng(2)
    inside = 0
    for n in range(200):
        values = rng.exponential(size=(80, 1))
        draws = resampled_means(values, n, 300)[:, 0]
        interval = Interval.of(float(values.mean()), draws)
        inside += interval.low <= 1.0 <= interval.high
    assert 175 <= inside <= 198


def test_a_bootstrap_of_groups_of_alike_users_is_one_of_users():
    """Means, spreads and their correlation are those of resamples user by user."""
    rng = np.random.default_rng(1)
    hits = rng.random(400) < 0.15
    values = np.column_stack([hits * 0.5, hits * 0.5 - (rng.random(400) < 0.1)])
    alike = resampled_means_of_alike(values, 3, 4000)
    plain = resampled_means(values, 3, 4000)
    assert alike.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=0.002)
    assert np.cov(alike.T) == pytest.approx(np.cov(plain.T), rel=0.1)
    assert np.array_equal(alike, resampled_means_of_alike(values, 3, 4000))
    assert np.array_equal(
        resampled_means_of_alike(np.ones((5, 1)), 3, 7), resampled_means(np.ones((5, 1)), 3, 7)
    )
