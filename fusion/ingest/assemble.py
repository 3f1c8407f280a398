"""From cleaned rows to a `Dataset`: time order, row numbers, exact duplicates out, tables beside the ids."""

import numpy as np
import polars as pl

from fusion.core.arrays import Rows
from fusion.data.dataset import Dataset
from fusion.data.id_map import IdMap


def in_time_order(frame: pl.DataFrame, as_of: int | None) -> pl.DataFrame:
    """Interactions before `as_of` (ms), oldest first, equal times in the order of the file."""
    if "time" not in frame.columns:
        return frame
    if as_of is not None:
        frame = frame.filter(pl.col("time") < as_of)
    return frame if frame["time"].is_sorted() else frame.sort("time", maintain_order=True)


def number_rows(ids: pl.Series, others: pl.DataFrame | None) -> tuple[IdMap, Rows]:
    """Number ids (N,) by first appearance, then those that only the table `others` names, in its order."""
    known = IdMap.in_order(ids) if others is None else IdMap.in_order(ids, others["id"])
    return known, known.rows(ids)


def duplicates(frame: pl.DataFrame) -> pl.Series:
    """Rows (N,) bool that repeat an earlier row exactly."""
    hashes = frame.hash_rows(seed=0).to_numpy()
    ordered = np.sort(hashes)
    doubled = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    suspects = np.flatnonzero(np.isin(hashes, doubled)) if len(doubled) else np.empty(0, np.int64)
    repeat = np.zeros(len(frame), bool)
    repeat[suspects] = (
        ~frame[suspects].select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy()
    )
    return pl.Series(repeat)


def as_dataset(
    frame: pl.DataFrame,
    user_ids: IdMap,
    item_ids: IdMap,
    tables: dict[str, pl.DataFrame | None],
    as_of: int | None,
) -> Dataset:
    """Put rows (`user`, `item` as numbers, `weight`, `liked`, perhaps `time`) and the two tables together."""
    has_times = "time" in frame.columns
    times = (
        frame["time"].to_numpy().astype(np.int64) if has_times else np.zeros(len(frame), np.int64)
    )
    return Dataset(
        user_ids=user_ids,
        item_ids=item_ids,
        users=frame["user"].to_numpy(),
        items=frame["item"].to_numpy(),
        times=times,
        weights=frame["weight"].to_numpy(),
        liked=frame["liked"].to_numpy(),
        as_of=int(times.max(initial=0)) + 1 if as_of is None else as_of,
        has_times=has_times,
        item_table=_aligned(item_ids, tables["items"]),
        user_table=_aligned(user_ids, tables["users"]),
    )


def _aligned(ids: IdMap, table: pl.DataFrame | None) -> pl.DataFrame:
    """The table's columns in row order, null for ids it does not name; empty without a table."""
    if table is None or table.width < 2:
        return pl.DataFrame()
    return (
        ids.values.to_frame("id").join(table, on="id", how="left", maintain_order="left").drop("id")
    )
