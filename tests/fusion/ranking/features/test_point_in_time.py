"""Counts of an item's interactions as of any moment, against counting them one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.ranking.features.point_in_time import ItemTimeline
from tests.fusion.making import DAY, START, dataset, frame_of
from tests.fusion.strategies import EVENTS, QUICK


@QUICK
@given(EVENTS, st.integers(-1, 8))
def test_events_count_strictly_before(rows, day):
    data = dataset(frame_of(rows))
    timeline = ItemTimeline.of(data)
    moment = START + day * DAY
    items = np.arange(data.n_items, dtype=np.int32)
    moments = np.full(len(items), moment)
    before = []
    for item in items:
        times = np.sort(data.times[data.items == item])
        before.append(times[times < moment].tolist())
    newest = [times[-1] if times else -1 for times in before]
    first = [times[0] if times else -1 for times in before]
    assert timeline.before(items, moments).tolist() == [len(times) for times in before]
    assert timeline.newest(items, moments).tolist() == newest
    assert timeline.first(items, moments).tolist() == first
    assert set(timeline.total(moments).tolist()) == {sum(map(len, before))}


def test_one_moment_for_many_pairs_counts_as_each_pair_alone():
    rng = np.random.default_rng(0)
    rows = []
    for n, day in enumerate(rng.integers(0, 9, 60)):
        rows.append((f"u{n}", f"i{rng.integers(4)}", int(day)))
    data = dataset(frame_of(rows))
    timeline = ItemTimeline.of(data)
    items = rng.integers(data.n_items, size=50).astype(np.int32)
    for day in rng.integers(-1, 10, 40):  # more moments than are kept, some of them again
        moments = np.full(len(items), START + int(day) * DAY)
        for query in (timeline.before, timeline.newest):
            alone = [query(items[[n]], moments[[n]])[0] for n in range(len(items))]
            assert query(items, moments).tolist() == alone
        total = timeline.total(moments[:1])[0]
        assert timeline.total(moments).tolist() == [total] * len(items)


def test_items_without_interactions_have_no_moments():
    empty = dataset(frame_of([("a", "x", 1)])).before(START)
    assert len(empty) == 0
    timeline = ItemTimeline.of(empty)
    item = np.array([0], np.int32)
    moment = np.array([START])
    assert timeline.before(item, moment).tolist() == [0]
    assert timeline.newest(item, moment).tolist() == [-1]
    assert timeline.first(item, moment).tolist() == [-1]
