"""Divergences by their formulas, against SciPy, and bins in which every move is seen."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import distance

from fusion.metrics.divergence import category_codes, counts, jensenshannon, number_codes, psi

counted = st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any)


def number(reference: list[float | None], current: list[float | None]) -> float:
    series = (pl.Series("x", side, dtype=pl.Float64) for side in (reference, current))
    return psi(*counts(*number_codes(*series)))


def category(reference: list[str | None], current: list[str | None]) -> float:
    series = (pl.Series("x", side, dtype=pl.String) for side in (reference, current))
    return jensenshannon(*counts(*category_codes(*series)))


def test_psi_is_its_formula():
    value = psi(np.array([50, 50]), np.array([80, 20]))
    assert value == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4))


def test_psi_counts_an_empty_bin_as_half_a_row():
    p, q = np.array([0.5, 0.5]), np.array([1.0, 0.5 / 10])
    assert psi(np.array([5, 5]), np.array([10, 0])) == pytest.approx(
        float(((q - p) * np.log(q / p)).sum())
    )


@given(counted, counted)
def test_jensenshannon_is_scipys(left, right):
    first, second = np.array(left), np.array(right)
    assert jensenshannon(first, second) == pytest.approx(
        distance.jensenshannon(first, second), abs=1e-6
    )


@given(counted, counted)
def test_distances_are_symmetric_and_zero_when_equal(left, right):
    first, second = np.array(left), np.array(right)
    for measure in (psi, jensenshannon):
        assert measure(first, second) == pytest.approx(measure(second, first), abs=1e-9)
        assert measure(first, first) == pytest.approx(0, abs=1e-7)
        assert measure(first, second) >= 0


def test_disjoint_categories_are_as_far_as_can_be():
    assert category(["a", "b"], ["c", "d"]) == pytest.approx(np.sqrt(np.log(2)))


def test_deciles_have_equal_shares():
    first, _ = number_codes(pl.Series(range(1000)), pl.Series([0]))
    assert np.bincount(first).tolist() == [100] * 10


@pytest.mark.parametrize("moved", [4.0, 6.0])
def test_leaving_a_constant_is_seen_in_both_directions(moved):
    assert number([5.0] * 100, [moved] * 100) > 1
    assert number([5.0] * 100, [5.0] * 40) == 0


def test_a_rare_flag_that_becomes_common_is_seen():
    assert number([0.0] * 95 + [1.0] * 5, [0.0] * 50 + [1.0] * 50) > 1


@pytest.mark.parametrize("noise", [1e-9, 1e-6])
def test_the_last_bits_of_repeated_values_decide_nothing(noise):
    """Means of few ratings: sums in another order, or in float32, are the same values."""
    chance = np.random.default_rng(5)
    values = chance.choice([2.5, 3.0, 3.25, 10 / 3, 3.5, 11 / 3, 4.0, 4.5], 20_000)
    there, here = (values + noise * chance.normal(size=len(values)) for _ in range(2))
    assert number(there.tolist(), here.tolist()) == 0
    # Deciles at the very values gave 4.3 here.
    assert number(values.tolist(), (values + noise).tolist()) == 0
    moved = np.where(chance.random(len(values)) < 0.2, 4.0, here)
    assert number(there.tolist(), moved.tolist()) > 0.1


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_the_unit_of_a_column_decides_nothing(factor):
    chance = np.random.default_rng(6)
    there, here = chance.lognormal(size=5000), chance.lognormal(0.2, size=5000)
    plain = number(there.tolist(), here.tolist())
    assert 0.01 < plain < 0.2
    scaled = number((there * factor).tolist(), (here * factor).tolist())
    assert scaled == pytest.approx(plain, abs=0.005)


@pytest.mark.filterwarnings("error")
def test_numbers_near_the_largest_float_are_as_far_as_small_ones():
    small = [float(i % 7 - 3) for i in range(70)]
    moved = [value + 2 for value in small]
    large = [value * 3e307 for value in small], [value * 3e307 for value in moved]
    assert number(*large) == pytest.approx(number(small, moved))
    # A value so far out that the grid of the others has no cell for it.
    assert number(small, [*small, 1e308]) == pytest.approx(number(small, [*small, 1e3]))


def test_missing_is_a_bin_of_its_own():
    values = list(map(float, range(100)))
    assert number(values, [*values[:50], *[None] * 50]) > 1
    assert number([None, *values], [None, *values]) == 0
    assert number([None] * 9, [1.0] * 9) > 1
    assert category(["a", None], [None, None]) > 0.4


def test_nan_is_missing_and_infinities_are_values():
    assert number([1.0, 2.0, float("nan")], [1.0, 2.0, None]) == 0
    assert number([1.0, 2.0, float("inf")], [1.0, 2.0, None]) > 0


def test_rare_words_are_one_word():
    first, second = category_codes(pl.Series(map(str, range(500))), pl.Series(["new"] * 10))
    assert len(set(first)) == 100  # 99 words and the rest
    assert set(second) == {0}


def test_lists_count_each_entry_and_an_empty_one_is_missing():
    lists = pl.Series([["a", "b"], [], None], dtype=pl.List(pl.String))
    first, _ = category_codes(lists, lists)
    assert sorted(np.bincount(first)) == [1, 1, 2]
