"""Items by categories, as sparse matrices of ones."""

import numpy as np
import polars as pl
from scipy.sparse import csr_array, hstack

from fusion.data.dataset import Dataset


def one_hot(lists: pl.Series) -> csr_array:
    """Category lists (I,) -> (I, K) float32 of ones, columns in alphabetical order."""
    exploded = (
        pl.DataFrame({"row": np.arange(len(lists), dtype=np.int32), "value": lists})
        .explode("value")
        .drop_nulls()
    )
    exploded = exploded.unique().sort("row", "value")
    names = exploded["value"].unique().sort()
    columns = names.search_sorted(exploded["value"]).to_numpy()
    ones = np.ones(len(exploded), np.float32)
    return csr_array((ones, (exploded["row"].to_numpy(), columns)), shape=(len(lists), len(names)))


def all_categories(item_table: pl.DataFrame) -> csr_array | None:
    """Items x categories (I, K) float32 of ones over all list columns; None when there is no such column."""
    lists = [name for name in item_table.columns if item_table.schema[name] == pl.List(pl.String)]
    return csr_array(hstack([one_hot(item_table[name]) for name in lists])) if lists else None


def category_matrix(data: Dataset, category: str) -> csr_array:
    """Which items have a "column=value", or each value of a "column" (I, K) float32."""
    column, _, value = category.partition("=")
    lists = data.item_table[column]
    if value:
        has = lists.list.contains(value).fill_null(False).to_numpy()
        return csr_array(has.astype(np.float32)[:, None])
    return one_hot(lists)
