"""Changes of each user's list between two runs."""

import numpy as np
import polars as pl

from dashboards.measures.overlap import Lists, overlaps
from fusion.errors import DataError


def first_places(frame: pl.DataFrame, k: int, like: pl.DataFrame) -> pl.DataFrame:
    """Return the first places of lists.

    Args:
        frame: rows of (user_id, rank from 1, item_id).
        k: places that are kept.
        like: lists that these are to be compared with.

    Raises:
        DataError: ids have another type than in `like`.
    """
    for name in ("user_id", "item_id"):
        dtype = frame.schema[name]
        wanted = like.schema[name]
        if dtype != wanted:
            raise DataError(
                f"lists cannot be compared: {name} is {dtype} in one frame and {wanted} in the "
                f"other; give both as the same type (in SQL ids are text)"
            )
    return frame.filter(pl.col("rank") <= k).select("user_id", "rank", "item_id")


def compare_lists(
    previous: pl.DataFrame, current: pl.DataFrame, k: int, segments: pl.DataFrame | None
) -> pl.DataFrame:
    """Compare two runs' lists, user by user.

    Args:
        previous: as `first_places` returns them.
        current: the same of the other run.
        k: places of a list.
        segments: (user_id, segment); None for no segments.

    Returns:
        A row for each user of both, in the order of their ids: user_id, jaccard, rbo,
        top1_changed, unchanged, segment.
    """
    before = previous.select("user_id").unique()
    now = current.select("user_id").unique()
    ids = before.join(now, on="user_id").sort("user_id")
    listed = pl.concat([previous["item_id"], current["item_id"]])
    items = listed.unique(maintain_order=True).to_frame("item_id")
    codes = items.with_row_index("code")
    # Items become small numbers, so that lists are compared as arrays and not by text.
    users = ids.with_row_index("row")
    first = _matrix(previous, users, codes, k)
    second = _matrix(current, users, codes, k)
    jaccard, rbo = overlaps(first, second)
    top1_changed = first[:, 0] != second[:, 0]
    is_same = first == second
    unchanged = is_same.all(1)
    frame = ids.with_columns(
        jaccard=pl.Series(jaccard, dtype=pl.Float64),
        rbo=pl.Series(rbo, dtype=pl.Float64),
        top1_changed=pl.Series(top1_changed, dtype=pl.Boolean),
        unchanged=pl.Series(unchanged, dtype=pl.Boolean),
    )
    if segments is None:
        return frame.with_columns(segment=pl.lit(None, dtype=pl.String))
    segment_of = segments.select("user_id", "segment").unique("user_id")
    return frame.join(segment_of, on="user_id", how="left").sort("user_id")


def _matrix(frame: pl.DataFrame, users: pl.DataFrame, codes: pl.DataFrame, k: int) -> Lists:
    """Return lists as item codes (n, k), padded with -1; a hole in the ranks takes no place."""
    coded = frame.join(users, on="user_id").join(codes, on="item_id")
    rows = coded.sort("row", "rank")
    row = rows["row"].to_numpy()
    starts = np.searchsorted(row, np.arange(len(users)))
    places = np.arange(len(row)) - starts[row]
    # Rows are sorted by user and rank, so that a place is the distance from the user's first row.
    lists = np.full((len(users), k), -1, dtype=np.int32)
    code = rows["code"].to_numpy()
    lists[row, places] = code
    return lists
