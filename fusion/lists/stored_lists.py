"""Lists of users as a training stored them, and the fallback of whoever has none."""

from collections.abc import Sequence

import polars as pl

from fusion.config import ListSettings
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError, UnknownName
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.list_segments import ALL, serving_segments
from fusion.runs.run_folder import ListFiles

DEFAULT_PLACES = 10
"""Places of a list that are returned unasked: those that the verdict's metrics judge."""


def stored_lists(
    files: ListFiles,
    data: Dataset,
    rules: Rules | None,
    settings: ListSettings,
    users: Sequence[str],
    k: int | None,
) -> pl.DataFrame:
    """Return the stored lists of some users, or their fallback.

    Args:
        files: that a training wrote.
        data: what it was trained on.
        rules: that the lists follow.
        settings: by which they were made.
        users: outside ids.
        k: places of a list; None for `DEFAULT_PLACES`, or what is stored where that is less.

    Returns:
        user_id, rank from 1, item_id, score; in the order given, each by rank.

    Raises:
        UnknownName: an id that the data does not hold.
        ConfigError: fewer than k places are stored.
    """
    k = _stored_places(settings, k)
    wanted = _known_users(data, rules, users).with_row_index("order")
    of_users = pl.col("rank") <= k, pl.col("user").is_in(wanted["user"].implode())
    lists = pl.scan_parquet(files.lists).filter(*of_users).collect()
    listed = wanted.join(lists, on="user", how="inner")
    others = wanted.join(lists, on="user", how="anti")
    fallback = pl.read_parquet(files.fallback).filter(pl.col("rank") <= k)
    # A segment in which nobody has interactions has no fallback of its own.
    has_own = pl.col("segment").is_in(fallback["segment"].unique().implode())
    segments = pl.when(has_own).then("segment").otherwise(pl.lit(ALL))
    served = others.with_columns(segments.alias("segment")).join(fallback, on="segment")
    columns = ["order", "user_id", "rank", "item", "score"]
    rows = pl.concat([listed.select(columns), served.select(columns)]).sort("order", "rank")
    item_ids = data.item_ids.texts(rows["item"].to_numpy()).alias("item_id")
    return rows.with_columns(item_ids).select("user_id", "rank", "item_id", "score")


def _stored_places(lists: ListSettings, k: int | None) -> int:
    """Return the places to show; fewer than were asked for are refused, not returned in silence."""
    stored = lists.size + lists.reserve
    if k is None:
        return min(DEFAULT_PLACES, stored)
    if not 1 <= k <= stored:
        raise ConfigError(
            f"k = {k}, but the training stored {stored} places of each list: "
            f"[lists] size {lists.size} + reserve {lists.reserve}. Take k from 1 to {stored}, or "
            f'train with CoreConfig(lists={{"size": {max(k, 1)}}})'
        )
    return k


def _known_users(data: Dataset, rules: Rules | None, users: Sequence[str]) -> pl.DataFrame:
    """Look up user_id, user (row) and segment; UnknownName for the first that is not known."""
    ids = [str(user) for user in users]
    rows = data.user_ids.rows(pl.Series("id", ids, dtype=pl.String))
    for user, row in zip(ids, rows, strict=True):
        if row < 0:
            # So many are enough to name the nearest, and few enough to compare with.
            raise UnknownName("user", user, data.user_ids.values.head(1000))
    segments = serving_segments(data, rules).gather(rows)
    return pl.DataFrame({"user_id": ids, "user": rows, "segment": segments})
