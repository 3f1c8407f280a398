"""Gaps between segments: planted ones are found, chance alone is not, and Holm's levels agree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.evaluation.segment_gaps import RISK, holm, segment_gaps

N, SEGMENTS = 400, 10


def served(rng, low: float = 0.2) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Users in ten segments; those of s0 are served `low`, all others 0.2 on average."""
    member = np.arange(N) % SEGMENTS
    values = rng.random(N).astype(np.float32) * 0.4
    values[member == 0] += low - 0.2
    return values, {f"s{index}": member == index for index in range(SEGMENTS)}


def test_a_planted_gap_stands_with_its_interval():
    values, segments = served(np.random.default_rng(1), low=0.05)
    gaps = segment_gaps(values, segments)
    gap = gaps["s0"]
    assert gap.users == 40
    assert gap.others == pytest.approx(values[~segments["s0"]].mean())
    assert gap.difference.value == pytest.approx(
        values[segments["s0"]].mean() - values[~segments["s0"]].mean(), abs=1e-6
    )
    assert gap.difference.low < -0.15 < gap.difference.high < 0
    assert gap.chance < 0.001


def test_chance_alone_is_called_a_gap_in_few_of_many_worlds():
    rng = np.random.default_rng(3)
    called = sum(
        any(gap.chance <= RISK for gap in segment_gaps(*served(rng)).values()) for _ in range(100)
    )
    assert called <= 10


def test_an_interval_leaves_out_zero_exactly_where_holm_is_sure():
    rng = np.random.default_rng(4)
    sure = 0
    for _ in range(30):
        for gap in segment_gaps(*served(rng, low=0.12)).values():
            is_out = gap.difference.low > 0 or gap.difference.high < 0
            assert is_out == (gap.chance <= RISK)
            sure += is_out
    assert sure > 5


def test_small_segments_and_those_of_nearly_everyone_are_left_out():
    values = np.random.default_rng(5).random(50).astype(np.float32)
    few, most = np.arange(50) < 9, np.arange(50) < 41
    assert segment_gaps(values, {"few": few, "most": most, "half": np.arange(50) < 25}).keys() == {
        "half"
    }
    assert segment_gaps(values, {}) == {}


def test_users_who_are_all_served_alike_show_no_gap():
    gap = segment_gaps(np.zeros(40, np.float32), {"half": np.arange(40) < 20})["half"]
    assert (gap.difference.low, gap.difference.high, gap.chance) == (0, 0, 1)


@given(st.lists(st.floats(0, 0.1), min_size=1, max_size=12))
def test_holm_beside_the_definition(chances):
    """The slow way: reject the smallest while it is below risk over what is left."""
    named = {str(index): chance for index, chance in enumerate(chances)}
    adjusted, levels = holm(named)
    left = sorted(named, key=lambda name: named[name])
    rejected = set()
    while left and named[left[0]] <= RISK / len(left):
        rejected.add(left.pop(0))
    assert {name for name, level in levels.items() if named[name] <= level} == rejected
    for name, chance in adjusted.items():
        assert named[name] <= chance <= 1
        if abs(chance - RISK) > 1e-12:
            assert (chance <= RISK) == (name in rejected)
