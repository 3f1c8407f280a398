"""Routes by which users are served, and segments of the user table."""

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset
from fusion.data.defaults import DEFAULTS

ROUTES = ("warm", "sparse", "cold")
"""Users with enough interactions, with a few, and with none."""


def route_of(counts: Rows, sparse: int) -> Rows:
    """Return the route by which users are served.

    Args:
        counts: (n,) known interactions of each user.
        sparse: interactions from which a user is warm.

    Returns:
        (n,) int32 indices into `ROUTES`.
    """
    conditions = [counts == 0, counts < sparse]
    return np.select(conditions, [2, 1], 0).astype(np.int32)


def user_segments(data: Dataset) -> pl.Series:
    """Return each user's segment by the first category column of the user table.

    Args:
        data: any dataset.

    Returns:
        (U,) "column=value"; null where a user has none, or there is no such column.
    """
    columns = segment_columns(data)
    return columns[0] if columns else pl.Series([None] * data.n_users, dtype=pl.String)


def segment_columns(data: Dataset) -> list[pl.Series]:
    """Return the segments of every category column of the user table.

    Args:
        data: any dataset.

    Returns:
        For each column (U,) "column=value", null where a user has none.
    """
    table = data.user_table
    columns = []
    for name, kind in table.schema.items():
        if kind == pl.String:
            segment = pl.format(name + "={}", pl.col(name))
            columns.append(table.select(segment).to_series())
    return columns


def segments_among(data: Dataset, users: Rows) -> dict[str, Flags]:
    """Tell which users belong to each of the largest segments.

    Args:
        data: any dataset.
        users: (n,) int32, the users to judge.

    Returns:
        By "column=value": (n,) bool, True for the users of the segment. Of each column only the
        values with most of `users`; of equal ones the first in the alphabet.
    """
    members: dict[str, Flags] = {}
    for column in segment_columns(data):
        segment = column.gather(users)
        counts = segment.drop_nulls().alias("value").value_counts()
        ordered = counts.sort(["count", "value"], descending=[True, False])
        for value in ordered["value"].head(DEFAULTS.max_segments):
            members[value] = (segment == value).fill_null(False).to_numpy()
    return members
