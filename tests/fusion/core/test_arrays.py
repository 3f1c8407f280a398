"""Array helpers against the slow, obvious version."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.core.arrays import block_rows, blocks, contains, distinct, offsets, ragged_index
from tests.fusion.strategies import QUICK

KEYS = st.lists(st.integers(-3, 12), max_size=20).map(lambda keys: np.array(keys, np.int64))


@QUICK
@given(KEYS, KEYS)
def test_distinct_and_contains_are_those_of_sets(keys, wanted):
    members = set(keys.tolist())
    assert distinct(keys).tolist() == sorted(members)
    expected = [key in members for key in wanted.tolist()]
    assert contains(np.sort(keys), wanted).tolist() == expected


@QUICK
@given(st.lists(st.integers(0, 4), max_size=6))
def test_ragged_index_and_offsets(counts):
    lengths = np.array(counts, np.int64)
    starts = np.arange(len(counts), dtype=np.int64) * 10
    expected = []
    for start, count in zip(starts, counts, strict=True):
        expected += range(start, start + count)
    assert ragged_index(starts, lengths).tolist() == expected
    assert offsets(lengths).tolist() == [sum(counts[:n]) for n in range(len(counts) + 1)]


@QUICK
@given(st.integers(0, 6))
def test_blocks_go_through_the_range_in_order(total):
    parts = list(blocks(total, 2))
    assert all(1 <= part.stop - part.start <= 2 for part in parts)
    assert [n for part in parts for n in range(part.start, part.stop)] == list(range(total))


def test_a_block_has_at_least_one_row():
    assert block_rows(1000, 10) == 1
    assert block_rows(1000, 8000) == 2
