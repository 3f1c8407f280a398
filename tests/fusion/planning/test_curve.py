"""Curves go through what was measured, and beyond it neither save for ever nor explode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.planning.curve import Curve

COSTS = st.floats(0.01, 1e4)


@given(COSTS, COSTS, st.floats(1.5, 100))
def test_a_curve_goes_through_both_measurements(cost, more, growth):
    low, high = sorted((cost, more))
    curve = Curve.fitted((1000, low), (1000 * growth, high))
    if low < high:
        assert curve.at(1000) == pytest.approx(low, rel=1e-6, abs=1e-9)
        assert curve.at(1000 * growth) == pytest.approx(high, rel=1e-6)


@given(COSTS, COSTS, st.floats(1.5, 100))
def test_more_data_never_costs_less(cost, more, growth):
    curve = Curve.fitted((1000, cost), (1000 * growth, more))
    sizes = [curve.at(size) for size in (0, 500, 1000, 10_000, 10**7)]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 0


def test_what_grows_slowly_is_a_line_and_what_grows_fast_a_power():
    slow = Curve.fitted((100, 10), (1000, 19))
    assert (slow.base, slow.rate, slow.power) == (pytest.approx(9), pytest.approx(0.01), 1)
    # A power of 0.28 would save for ever: it would give 36 here.
    assert slow.at(10_000) == pytest.approx(109)
    fast = Curve.fitted((100, 1), (1000, 100))
    assert (fast.base, fast.power) == (0, pytest.approx(2))
    assert fast.at(10_000) == pytest.approx(10_000)


def test_a_cost_that_shrinks_is_chance():
    assert Curve.fitted((100, 5), (1000, 3)) == Curve(base=4)
