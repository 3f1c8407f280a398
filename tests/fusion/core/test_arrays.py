"""Array helpers against the slow, obvious version."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fusion.core.arrays import block_rows, blocks, contains, distinct, offsets, ragged_index
from fusion.core.grouped import owner_means, ranks, zscores
from fusion.core.hashing import shares
from fusion.data.histories import UserHistories
from fusion.data.ranked_lists import backfill, top_k_lists
from fusion.data.topk import Pairs, best
from fusion.ranking.candidates import places_in
from fusion.ranking.features.point_in_time import ItemTimeline
from tests.fusion.making import START, dataset, frame_of

QUICK = settings(max_examples=60, deadline=None)
NUMBERS = st.sampled_from([0.0, 1.0, 1.0, 2.0, -3.5, 1e30, math.nan, math.inf, -math.inf])
MATRICES = st.tuples(st.integers(0, 4), st.integers(0, 9)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=NUMBERS)
)


def slow_best(row: np.ndarray, k: int) -> list[int]:
    usable = [at for at, score in enumerate(row) if math.isfinite(score)]
    return sorted(usable, key=lambda at: (-row[at], at))[:k]


@QUICK
@given(MATRICES, st.integers(1, 12))
def test_best_is_a_stable_sort_of_what_is_finite(scores, k):
    top = best(scores, k)
    assert top.items.shape == top.scores.shape == (len(scores), k)
    for row, listed, values in zip(scores, top.items.tolist(), top.scores, strict=True):
        want = slow_best(row, k)
        assert listed == want + [-1] * (k - len(want))
        assert values[: len(want)].tolist() == row[want].tolist()
        assert np.isnan(values[len(want) :]).all()


def test_best_of_many_columns_with_ties_at_the_border():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, size=(20, 300)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.3] = np.nan
    scores[3] = np.nan
    top = best(scores, 7)
    for row, listed in zip(scores, top.items.tolist(), strict=True):
        want = slow_best(row, 7)
        assert listed == want + [-1] * (7 - len(want))


KEYS = st.lists(st.integers(-3, 12), max_size=20).map(lambda keys: np.array(keys, np.int64))


@QUICK
@given(KEYS, KEYS)
def test_distinct_and_contains_are_those_of_sets(keys, wanted):
    assert distinct(keys).tolist() == sorted(set(keys.tolist()))
    assert contains(np.sort(keys), wanted).tolist() == [
        key in set(keys.tolist()) for key in wanted.tolist()
    ]


LISTS = st.tuples(st.integers(1, 4), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.integers(-1, 7))
)


@QUICK
@given(LISTS)
def test_pairs_are_the_sorted_distinct_items_of_each_user(lists):
    pairs = Pairs.from_lists(lists)
    for user, row in enumerate(lists.tolist()):
        mine = pairs.items[pairs.of_users(slice(user, user + 1))].tolist()
        assert mine == sorted(set(row) - {-1})
    assert pairs.owners.tolist() == [
        u for u, row in enumerate(lists.tolist()) for _ in set(row) - {-1}
    ]


@QUICK
@given(
    st.lists(st.lists(st.integers(0, 7), unique=True, max_size=5), min_size=1, max_size=4), LISTS
)
def test_places_are_ranks_in_the_users_own_list(own, more):
    width = max(map(len, own), default=0) + 1
    listed = np.array([row + [-1] * (width - len(row)) for row in own], np.int32)
    others = np.resize(more, (len(own), more.shape[1]))
    pairs = Pairs.from_lists(np.concatenate([listed, others], axis=1))
    got = places_in(listed, pairs, 8)
    for owner, item, place in zip(pairs.owners, pairs.items, got, strict=True):
        if item in own[owner]:
            assert place == own[owner].index(item) + 1
        else:
            assert np.isnan(place)


OWNED = st.integers(0, 20).flatmap(
    lambda n: st.tuples(
        arrays(np.float32, n, elements=st.sampled_from([0.0, 1.0, 2.0, -5.0, 1e6, math.nan])),
        st.lists(st.integers(0, 3), min_size=n, max_size=n).map(sorted),
    )
)


@QUICK
@given(OWNED)
def test_ranks_and_zscores_within_owners(drawn):
    values, owners = drawn[0], np.array(drawn[1], np.int32)
    got, z = ranks(values, np.searchsorted(owners, np.arange(5))), zscores(values, owners, 4)
    for at, value in enumerate(values):
        mates = [
            n for n in range(len(values)) if owners[n] == owners[at] and not np.isnan(values[n])
        ]
        if np.isnan(value):
            assert np.isnan(got[at])
            assert np.isnan(z[at])
            continue
        ordered = sorted(mates, key=lambda n: (-values[n], n))
        assert got[at] == ordered.index(at) + 1
        mine = values[mates].astype(float)
        want = (value - mine.mean()) / mine.std() if mine.std() > 1e-6 else 0.0
        assert z[at] == pytest.approx(want, abs=1e-4)


@QUICK
@given(OWNED)
def test_owner_means(drawn):
    values, owners = np.nan_to_num(drawn[0]), np.array(drawn[1], np.int32)
    got = owner_means(values, owners, 5)
    for owner in range(5):
        mine = values[owners == owner]
        assert (
            got[owner] == pytest.approx(mine.mean(), rel=1e-5)
            if len(mine)
            else np.isnan(got[owner])
        )


EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=25
)


@QUICK
@given(EVENTS, st.integers(-1, 8))
def test_moments_count_strictly_before(rows, day):
    data = dataset(frame_of(rows))
    moments = ItemTimeline.of(data)
    when = START + day * 86_400_000
    items = np.arange(data.n_items, dtype=np.int32)
    each = np.full(len(items), when)
    times = [sorted(data.times[data.items == item].tolist()) for item in items]
    before = [[t for t in mine if t < when] for mine in times]
    assert moments.before(items, each).tolist() == [len(mine) for mine in before]
    assert moments.newest(items, each).tolist() == [mine[-1] if mine else -1 for mine in before]
    assert moments.first(items, each).tolist() == [mine[0] if mine else -1 for mine in before]
    assert set(moments.total(each).tolist()) == {sum(map(len, before))}


def test_one_moment_for_many_pairs_counts_as_each_pair_alone():
    rng = np.random.default_rng(0)
    rows = [
        (f"u{n}", f"i{rng.integers(4)}", int(day)) for n, day in enumerate(rng.integers(0, 9, 60))
    ]
    data = dataset(frame_of(rows))
    moments, items = ItemTimeline.of(data), rng.integers(data.n_items, size=50).astype(np.int32)
    for day in rng.integers(-1, 10, 40):  # more moments than are kept, some of them again
        many = np.full(len(items), START + int(day) * 86_400_000)
        for ask in (moments.before, moments.newest):
            assert ask(items, many).tolist() == [
                ask(items[[n]], many[[n]])[0] for n in range(len(items))
            ]
        assert moments.total(many).tolist() == [moments.total(many[:1])[0]] * len(items)


def test_moments_of_items_nobody_took():
    none = dataset(frame_of([("a", "x", 1)])).before(START)
    assert len(none) == 0
    moments, item, when = ItemTimeline.of(none), np.array([0], np.int32), np.array([START])
    assert moments.before(item, when).tolist() == [0]
    assert moments.newest(item, when).tolist() == [-1]
    assert moments.first(item, when).tolist() == [-1]


@QUICK
@given(EVENTS, st.integers(1, 4), st.integers(0, 5))
def test_users_are_their_own_events_in_time_order(rows, n, n_items):
    data = dataset(frame_of(rows))
    who = np.arange(data.n_users, dtype=np.int32)[::-1].copy()
    users = data.users_at(who, np.full(len(who), data.as_of))
    assert users.counts.tolist() == data.user_counts[who].tolist()
    for at, row in enumerate(who):
        mine = np.flatnonzero(data.users == row)
        block = users.block(slice(at, at + 1))
        assert block.items.tolist() == data.items[mine].tolist()
        assert block.last(n).times.tolist() == data.times[mine][-n:].tolist()
        kept = [item for item in data.items[mine] if item < n_items]
        assert block.trim_items(n_items).items.tolist() == kept
        want = np.bincount(data.items[mine], minlength=data.n_items)
        assert block.history.toarray()[0].tolist() == want.tolist()
        assert block.seen.toarray()[0].tolist() == (want > 0).tolist()


@QUICK
@given(st.lists(st.integers(0, 4), max_size=6))
def test_ragged_index_and_blocks(counts):
    lengths = np.array(counts, np.int64)
    starts = np.arange(len(counts), dtype=np.int64) * 10
    assert ragged_index(starts, lengths).tolist() == [
        s + n for s, c in zip(starts, counts, strict=True) for n in range(c)
    ]
    assert offsets(lengths).tolist() == [sum(counts[:n]) for n in range(len(counts) + 1)]
    assert [n for part in blocks(len(counts), 2) for n in range(part.start, part.stop)] == list(
        range(len(counts))
    )


def test_small_helpers():
    assert block_rows(1000, 10) == 1
    assert block_rows(1000, 8000) == 2
    users = np.arange(20_000, dtype=np.int32)
    drawn = shares(7, users)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert abs((drawn < 0.1).mean() - 0.1) < 0.01
    assert np.array_equal(drawn[::-1], shares(7, users[::-1]))
    assert not np.array_equal(drawn, shares(8, users))
    assert not np.array_equal(drawn, shares(7, users, users))


CANDIDATES = st.lists(
    st.lists(st.tuples(NUMBERS, st.sampled_from([0.0, 1.0, 2.0, math.nan])), max_size=6),
    min_size=1,
    max_size=3,
)


@QUICK
@given(CANDIDATES, st.integers(1, 7))
def test_arrange_sorts_what_speaks_then_what_the_filler_says(users, size):
    scores = np.array([c[0] for user in users for c in user], np.float32)
    fallback_scores = np.array([c[1] for user in users for c in user], np.float32)
    items = np.array([100 - at for user in users for at in range(len(user))], np.int32)
    borders = offsets(np.array([len(user) for user in users]))
    rows = np.arange(len(users), dtype=np.int32)
    lists = top_k_lists(rows, borders, items, scores, fallback_scores, size)
    for at in rows:
        mine = range(borders[at], borders[at + 1])
        speaking = sorted(
            (n for n in mine if math.isfinite(scores[n])), key=lambda n: (-scores[n], items[n])
        )
        silent = [n for n in mine if not math.isfinite(scores[n])]
        silent.sort(
            key=lambda n: (
                math.isnan(fallback_scores[n]),
                -fallback_scores[n] if fallback_scores[n] == fallback_scores[n] else 0,
                items[n],
            )
        )
        want = [int(items[n]) for n in speaking + silent][:size]
        assert lists.items[at].tolist() == want + [-1] * (size - len(want))
        values = lists.scores[at, : len(want)]
        assert np.isfinite(values).all()
        assert (np.diff(values) <= 0).all()
        assert np.isnan(lists.scores[at, len(want) :]).all()


def test_fill_takes_what_is_popular_and_new_to_the_user():
    data = dataset(frame_of([("a", "x", 1), ("a", "y", 2), ("b", "z", 3), ("b", "w", 3)]))
    users = data.users_at(np.array([0, 1], np.int32), np.full(2, data.as_of))
    made = top_k_lists(
        users.rows,
        np.array([0, 1, 1]),
        np.array([2], np.int32),
        np.array([5.0], np.float32),
        np.zeros(1, np.float32),
        3,
    )
    spare = np.array([3, 2, 1, 0], np.int32)
    fresh = backfill(made, users, spare, seen_again=False)
    assert fresh.items.tolist() == [[2, 3, -1], [1, 0, -1]]
    assert fresh.scores[0, :2].tolist() == [5, 4]
    assert fresh.scores[1, :2].tolist() == [-1, -2]
    assert backfill(made, users, spare, seen_again=True).items.tolist() == [[2, 3, 1], [3, 2, 1]]


def test_a_stranger_is_a_user_without_anything():
    unknown_user = UserHistories.unknown_user(5, 3)
    assert (
        len(unknown_user),
        unknown_user.rows.tolist(),
        unknown_user.history.nnz,
        unknown_user.seen.shape,
    ) == (
        1,
        [-1],
        0,
        (1, 3),
    )
