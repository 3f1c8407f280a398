from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.ingest.cell_parsing import (
    as_text,
    categories,
    id_labels,
    id_text,
    is_filled,
    label_type,
    numbers,
)


@settings(deadline=None)
@given(st.lists(st.integers(-(2**53), 2**53), min_size=1))
def test_integers_are_called_the_same_in_every_type(values):
    expected = [str(value) for value in values]
    assert id_text(pl.Series(values, dtype=pl.Int64)).to_list() == expected
    assert id_text(pl.Series(values, dtype=pl.Float64)).to_list() == expected
    assert id_text(pl.Series(expected)).to_list() == expected
    assert id_text(pl.Series([f"{text}.0" for text in expected])).to_list() == expected


WRITTEN = st.sampled_from(["7", "7.0", "-3.0", "", "a", "a.0", " 7", "é", "1e3"]) | st.none()


@settings(deadline=None)
@given(st.lists(WRITTEN))
def test_labels_are_the_texts_of_ids_whatever_the_cells_are(values):
    texts = pl.Series("user", values, dtype=pl.String)
    expected = id_text(texts).to_list()
    labels = label_type()
    for cells in (texts, texts.cast(labels), texts.cast(pl.Categorical)):
        labelled = id_labels(cells, labels)
        assert labelled.name == "user"
        assert labelled.dtype == labels
        assert labelled.cast(pl.String).to_list() == expected


@settings(deadline=None)
@given(st.lists(st.none() | st.floats()))
def test_labels_of_numbers_are_the_texts_of_their_ids(values):
    cells = pl.Series("item", values, dtype=pl.Float64)
    assert id_labels(cells, label_type()).cast(pl.String).to_list() == id_text(cells).to_list()


@settings(deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
            lambda t: not t.endswith(".0")
        )
    )
)
def test_text_ids_stay_as_they_are(values):
    assert id_text(pl.Series(values, dtype=pl.String)).to_list() == values


def test_ids_keep_zeros_and_lose_only_what_floats_added():
    assert id_text(pl.Series(["007", "1.10", "1.0", "v1.0", ""])).to_list() == [
        "007",
        "1.10",
        "1",
        "v1.0",
        None,
    ]
    assert id_text(pl.Series([1.0, 1.5, None, float("nan"), float("inf")])).to_list() == [
        "1",
        "1.5",
        None,
        None,
        None,
    ]


def test_decimals_of_databases_are_integers_where_they_can_be():
    assert id_text(pl.Series([Decimal("100.00"), Decimal("1.50")])).to_list() == ["100", "1.50"]
    assert id_text(pl.Series([Decimal(10**20)])).to_list() == [str(10**20)]


def test_numbers_read_a_decimal_comma_but_no_thousands():
    cells = pl.Series(["4,5", " 3 ", "1,234", "1e3", "x", None])
    assert numbers(cells).to_list() == [4.5, 3.0, None, 1000.0, None, None]


def test_labels_are_read_as_the_words_they_stand_for():
    for dtype in (pl.Categorical, pl.Enum(["4,5", "als"])):
        assert numbers(pl.Series(["4,5", "als", None], dtype=dtype)).to_list() == [4.5, None, None]


@pytest.mark.parametrize(
    ("cells", "lists"),
    [
        (
            ["a|b |", "(no genres listed)", "", "|", None],
            [["a", "b"], ["(no genres listed)"], None, None, None],
        ),
        ([["a", None], [], None], [["a"], None, None]),
        ([1.0, None], [["1"], None]),
        ([date(2024, 1, 2)], [["2024-01-02"]]),
    ],
)
def test_categories_of_every_kind_become_lists(cells, lists):
    parsed = categories(pl.Series("c", cells))
    assert parsed.dtype == pl.List(pl.String)
    assert parsed.to_list() == lists


FAR = {
    pl.Datetime("ms"): 9 * 10**15,
    pl.Datetime("us", "UTC"): -9 * 10**18,
    pl.Datetime("ms", "Asia/Tokyo"): 8_210_266_876_799_999,
    pl.Date(): 2 * 10**9,
}
"""Moments that Polars cannot write."""


@pytest.mark.parametrize("dtype", FAR, ids=str)
def test_moments_beyond_all_years_have_no_text_and_are_filled_all_the_same(dtype):
    moments = pl.Series("id", [FAR[dtype], 0, None], dtype=pl.Int64)
    values = moments.cast(pl.Int32).cast(dtype) if dtype == pl.Date() else moments.cast(dtype)
    far, near, missing = as_text(values).to_list()
    assert (far, near[:6], missing) == (None, "1970-0", None)
    assert id_text(values).to_list() == [far, near, missing]
    assert is_filled(values).to_list() == [True, True, False]


def test_cells_are_filled_where_they_hold_more_than_empty_text():
    assert is_filled(pl.Series(["a", "", " ", None])).to_list() == [True, False, True, False]
    assert is_filled(pl.Series([0.0, None])).to_list() == [True, False]
