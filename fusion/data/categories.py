"""Items x categories as sparse matrices of ones."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.sparse import csr_array, hstack

if TYPE_CHECKING:
    from fusion.data.dataset import Dataset


def category_columns(item_table: pl.DataFrame) -> list[str]:
    """List the category columns of an item table.

    Args:
        item_table: one row an item.

    Returns:
        Names of the columns that hold lists of text, in the order of the table.
    """
    return [name for name, kind in item_table.schema.items() if kind == pl.List(pl.String)]


def one_hot(lists: pl.Series) -> csr_array:
    """Encode one category column.

    Args:
        lists: (I,) lists of text; null and empty lists are items without a category.

    Returns:
        (I, K) float32 of ones, columns in alphabetical order of the K values.
    """
    row_numbers = np.arange(len(lists), dtype=np.int32)
    cells = pl.DataFrame({"row": row_numbers, "value": lists}).explode("value").drop_nulls()
    # An item may name a value twice.
    cells = cells.unique().sort("row", "value")
    names = cells["value"].unique().sort()
    rows = cells["row"].to_numpy()
    columns = names.search_sorted(cells["value"]).to_numpy()
    ones = np.ones(len(cells), np.float32)
    return csr_array((ones, (rows, columns)), shape=(len(lists), len(names)))


def all_categories(item_table: pl.DataFrame, by_name: bool = False) -> csr_array | None:
    """Encode all category columns side by side.

    Args:
        item_table: one row an item.
        by_name: order the category columns by name instead of as in the table. Sums over
            categories depend in their last bit on this order.

    Returns:
        (I, K) float32 of ones; None when there is no category column.
    """
    columns = category_columns(item_table)
    if not columns:
        return None
    if by_name:
        columns = sorted(columns)
    return csr_array(hstack([one_hot(item_table[name]) for name in columns]))


def category_matrix(data: "Dataset", category: str) -> csr_array:
    """Encode a category as the rules of lists name it.

    Args:
        data: the dataset with the items.
        category: "column=value" for one value, or "column" for all values of a column.

    Returns:
        (I, 1) or (I, K) float32 of ones where an item has the value.
    """
    column, _, value = category.partition("=")
    lists = data.item_table[column]
    if value:
        has_value = lists.list.contains(value).fill_null(False).to_numpy()
        return csr_array(has_value.astype(np.float32)[:, None])
    return one_hot(lists)
