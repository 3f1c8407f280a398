"""Distributions of columns, against counts made by hand."""

import numpy as np
import polars as pl
import pytest

from dashboards.evidently.pictures import BARS, SHOWN, pictures
from dashboards.measures.drift import drift
from dashboards.settings import MonitorSettings

SETTINGS = MonitorSettings()


def drawn(before: list, now: list, **schema):
    sides = tuple(pl.DataFrame({"x": side}, **schema) for side in (before, now))
    pairs = {"users": sides}
    return pictures(drift(pairs, SETTINGS), pairs).get(("users", "x"))


def test_numbers_are_shares_of_all_rows_with_missing_ones_apart():
    picture = drawn([0.0, 10.0, None, 10.0], [0.0, 0.0, 0.0, 10.0, None])
    assert len(picture.places) == BARS
    assert (picture.before[0], picture.before[-1]) == (0.25, 0.5)
    assert (picture.now[0], picture.now[-1]) == (0.6, 0.2)
    assert picture.missing == pytest.approx((0.25, 0.2))


def test_one_value_far_out_does_not_press_the_others_together():
    rng = np.random.default_rng(0)
    before, now = rng.normal(size=1_000).tolist(), rng.normal(size=1_000).tolist()
    picture = drawn([*before, 1e9], now)
    assert max(picture.places) < 10
    assert sum(picture.before) == pytest.approx(1, abs=1e-3)


def test_rare_categories_are_one_bar_and_lists_count_entries():
    words = [f"w{number:02}" for number in range(SHOWN + 5) for _ in range(SHOWN + 5 - number)]
    picture = drawn(words, words[:10])
    assert picture.places[0] == "w00"
    assert picture.places[-1] == "(other)"
    assert len(picture.places) == SHOWN + 1
    assert sum(picture.before) == pytest.approx(1, abs=1e-3)
    assert picture.now[:2] == [1.0, 0.0]
    lists = drawn([["a", "b"], ["a"]], [["b"], []])
    shares = dict(zip(lists.places, zip(lists.before, lists.now, strict=True), strict=True))
    assert shares["a"] == (0.6667, 0.0)
    assert shares["(missing)"] == (0.0, 0.5)


def test_a_column_that_one_side_lacks_shows_the_other():
    pairs = {"items": (pl.DataFrame({"old": [1.0, 2.0]}), pl.DataFrame({"new": [3.0, 4.0]}))}
    found = pictures(drift(pairs, SETTINGS), pairs)
    assert sum(found["items", "old"].now) == 0
    assert sum(found["items", "new"].now) == 1
    assert found["items", "new"].missing == (1.0, 0.0)


def test_what_has_no_value_or_no_rows_any_more_has_no_picture():
    assert drawn([None, None], [None], schema={"x": pl.Float64}) is None
    pairs = {"users": (pl.DataFrame({"x": [1.0]}), pl.DataFrame({"x": [1.0]}))}
    assert pictures(drift(pairs, SETTINGS), {}) == {}


def test_values_beyond_all_numbers_are_in_the_outermost_bars():
    picture = drawn([1.0, 2.0, float("inf")], [1.0, 2.0, float("nan")])
    assert picture.before[-1] == pytest.approx(2 / 3, abs=1e-4)
    assert picture.missing == pytest.approx((0, 1 / 3))
