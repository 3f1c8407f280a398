"""Items x categories: ones where an item has a category, columns in a fixed order."""

import polars as pl
import pytest

from fusion.data.categories import all_categories, category_matrix, one_hot
from tests.fusion.making import dataset, frame_of

LISTS = pl.List(pl.String)
TABLE = pl.DataFrame(
    {
        "id": ["x", "y", "z"],
        "tag": [["b", "a", "b"], None, []],
        "year": [1999.0, None, 2001.0],
        "genre": [["a"], ["a"], [None]],
    },
    schema_overrides={"tag": LISTS, "genre": LISTS},
)


def test_values_are_in_alphabetical_order_and_count_once():
    assert one_hot(TABLE["tag"]).toarray().tolist() == [[1, 1], [0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("by_name", "first_row", "second_row"),
    [(False, [1, 1, 1], [0, 0, 1]), (True, [1, 1, 1], [1, 0, 0])],
)
def test_columns_stand_side_by_side_as_in_the_table_or_by_name(by_name, first_row, second_row):
    matrix = all_categories(TABLE, by_name)
    assert matrix.toarray().tolist() == [first_row, second_row, [0, 0, 0]]


def test_without_a_category_column_there_is_no_matrix():
    assert all_categories(TABLE.select("id", "year")) is None
    assert all_categories(pl.DataFrame()) is None


def test_a_rule_names_a_value_or_a_column():
    data = dataset(frame_of([("u", "x", 1), ("u", "y", 2), ("u", "z", 3)]), TABLE)
    assert category_matrix(data, "tag=b").toarray().tolist() == [[1], [0], [0]]
    assert category_matrix(data, "tag=no").toarray().tolist() == [[0], [0], [0]]
    assert category_matrix(data, "genre").toarray().tolist() == [[1], [1], [0]]
