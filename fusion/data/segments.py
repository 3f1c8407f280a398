"""Who is who: the route by which a user is served, and the segments of the users' table."""

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset

ROUTES = ("warm", "sparse", "cold")
VALUES = 20
"""Values of a category column that are judged apart: those with most users."""


def route_of(counts: Rows, sparse: int) -> Rows:
    """How users with so many known interactions (n,) are served: 0 warm, 1 sparse, 2 cold, an index into ROUTES."""
    return np.select([counts == 0, counts < sparse], [2, 1], 0).astype(np.int32)


def user_segments(data: Dataset) -> pl.Series:
    """Segment (U,) of each user, "column=value" of the first category of the users' table; null without one."""
    columns = segment_columns(data)
    return columns[0] if columns else pl.Series([None] * data.n_users, dtype=pl.String)


def segment_columns(data: Dataset) -> list[pl.Series]:
    """Every category column of the users' table as "column=value" (U,), null where a user has none."""
    table = data.user_table
    names = [name for name in table.columns if table.schema[name] == pl.String]
    return [table.select(pl.format(name + "={}", pl.col(name)))[:, 0] for name in names]


def segments_among(data: Dataset, users: Rows) -> dict[str, Flags]:
    """Which of `users` (n,) fall into each segment: of each category column the values with most of them."""
    found: dict[str, Flags] = {}
    for column in segment_columns(data):
        mine = column.gather(users)
        counts = (
            mine.drop_nulls()
            .alias("value")
            .value_counts()
            .sort(["count", "value"], descending=[True, False])
        )
        for value in counts["value"].head(VALUES):
            found[value] = (mine == value).fill_null(False).to_numpy()
    return found
