"""Export a run folder's lists for SQL: outside ids in place of row numbers."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from fusion.lists.reasons import reason_of
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import read_manifest
from fusion.runs.run_folder import RunFolder

EXPLAINED_ROWS = 2_000_000
"""Listed rows beyond which best sources stay in the run folder and are not copied into SQL.

It bounds the table of reasons, whose rows are text and would outweigh the lists themselves.
"""
BLOCK_USERS = 2_500
"""Users whose lists are handed to the database at a time, as text."""
PASS_USERS = 50_000
"""Users whose lists are in memory at a time, as numbers; each pass reads the file of lists once."""
REASON_COLUMNS = ("source", "source_rank", "reason", "detail", "gain")
"""Columns of a reason beside the ids of its user and item, as the table `explanation` has them."""


def _user_ids(folder: Path) -> pl.Series:
    """Read the outside ids of users, by row number."""
    return pl.read_parquet(RunFolder(folder).user_ids)["user_id"]


def _item_ids(folder: Path) -> pl.Series:
    """Read the outside ids of items, by row number."""
    return pl.read_parquet(RunFolder(folder).item_ids)["item_id"]


def list_blocks(folder: Path) -> Iterator[pl.DataFrame]:
    """Yield the lists of whole users, block by block, in the order of the table's key.

    So ordered, a database has next to nothing to sort.

    Args:
        folder: the run folder.

    Yields:
        user_id, rank, item_id, score and probability, by user_id and rank. The probability is 1:
        no policy explores yet.
    """
    users, items = _user_ids(folder), _item_ids(folder)
    by_id = users.arg_sort()
    position = pl.Series(np.argsort(by_id.to_numpy()))
    lists = pl.scan_parquet(RunFolder(folder).lists).select("user", "rank", "item", "score")
    for first in range(0, len(users), PASS_USERS):
        last = min(first + PASS_USERS, len(users))
        is_in_pass = pl.col("user").is_in(by_id[first:last].implode())
        rows = lists.filter(is_in_pass).collect()
        rows = rows.with_columns(position=position.gather(rows["user"]))
        # A stable sort: ranks of a user stay in the order of the file.
        rows = rows.sort("position", maintain_order=True)
        for block in _blocks(rows, first, last):
            yield block.select(
                users.gather(block["user"]).alias("user_id"),
                "rank",
                items.gather(block["item"]).alias("item_id"),
                "score",
                pl.lit(1.0).alias("probability"),
            )


def _blocks(rows: pl.DataFrame, first: int, last: int) -> Iterator[pl.DataFrame]:
    """Cut rows, by `position` from `first` to `last`, into blocks of BLOCK_USERS positions."""
    positions = [*range(first, last, BLOCK_USERS), last]
    borders = np.searchsorted(rows["position"].to_numpy(), positions)
    for start, end in pairwise(borders):
        yield rows[int(start) : int(end)]


def served_rows(folder: Path) -> pl.DataFrame:
    """Return how each user is served.

    Args:
        folder: the run folder.

    Returns:
        user_id, route (warm, sparse, cold), segment.
    """
    served = pl.read_parquet(RunFolder(folder).served)
    user_id = _user_ids(folder).gather(served["user"]).alias("user_id")
    return served.select(user_id, "route", "segment")


def fallback_rows(folder: Path) -> pl.DataFrame:
    """Return the fallback lists of segments.

    Args:
        folder: the run folder.

    Returns:
        segment, rank, item_id, score.
    """
    fallback = pl.read_parquet(RunFolder(folder).fallback)
    item_id = _item_ids(folder).gather(fallback["item"]).alias("item_id")
    return fallback.select("segment", "rank", item_id, "score")


def explanation_rows(folder: Path, size: int) -> pl.DataFrame:
    """Return the reasons why shown items are listed, a row each.

    Users who were explained have every source that proposed an item and what the ranker liked about
    it, the strongest first. The others have the source that ranks an item best, unless these are
    more than EXPLAINED_ROWS together.

    Args:
        folder: the run folder.
        size: ranks that are shown, [lists] size; the reserve below needs no reason.

    Returns:
        user_id, item_id, source, source_rank, reason, detail (the figures in words) and gain (what
        the ranker's score gains by it; null where it did not weigh the reason).
    """
    explained = pl.read_parquet(RunFolder(folder).why)
    reasons = explained.select("user", "item", "source", "source_rank", "reason", _detail(), "gain")
    best = _best_sources(folder, size, explained["user"])
    rows = pl.concat([reasons, best])
    return rows.select(
        _user_ids(folder).gather(rows["user"]).alias("user_id"),
        _item_ids(folder).gather(rows["item"]).alias("item_id"),
        *REASON_COLUMNS,
    )


def _best_sources(folder: Path, size: int, explained: pl.Series) -> pl.DataFrame:
    """Return a reason for each shown item of users who were not explained: its best source."""
    has_source = pl.col("source").is_not_null()
    shown = pl.scan_parquet(RunFolder(folder).lists).filter(pl.col("rank") <= size, has_source)
    # A category in the file, text in SQL.
    source = pl.col("source").cast(pl.String)
    best = shown.select("user", "item", source, "source_rank").collect()
    best = best.join(pl.DataFrame({"user": explained.unique()}), on="user", how="anti")
    if len(best) > EXPLAINED_ROWS:
        best = best.clear()
    reason = pl.col("source").replace_strict(_reason_texts(folder), return_dtype=pl.String)
    return best.with_columns(
        reason=reason, detail=pl.lit(None, pl.String), gain=pl.lit(None, pl.Float32)
    )


def _detail() -> pl.Expr:
    """Write the figures behind a reason: the rank by a source, and the gain of the score."""
    rank = pl.format("{} ranks it {}", "source", "source_rank")
    gain = pl.format("{} of the score", pl.col("gain").round(3))
    return pl.concat_str([rank, gain], separator="; ", ignore_nulls=True).alias("detail")


def _reason_texts(folder: Path) -> dict[str, str]:
    """Return the words in which each source of a run explains what it proposes, by its name."""
    sources = Manifest.of(read_manifest(folder)).sources
    return {source.name: reason_of(source.name, source.reason_text) for source in sources}
