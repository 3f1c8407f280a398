"""How lists changed by groups of users, and by which items."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.steps.item_files import with_titles
from fusion.runs.run_folder import folder_of

MAX_ITEMS = 12
"""Items of each kind that a comparison names; a screen shows fewer."""


@dataclass(frozen=True)
class ChangedLists:
    """Change of lists from one run to another.

    Attributes:
        groups: by, name, users, changed, churn, top1_changed: a row for all users that both runs
            serve, for each route and for each segment; `changed` counts lists that differ at all.
        gained: items that only the new lists hold: item_id, before, after, title; `before` and
            `after` are numbers of lists, the largest change comes first.
        lost: the same of items that only the old lists hold.
        moved: the same of items in both, in another number of lists.
    """

    groups: pl.DataFrame
    gained: pl.DataFrame
    lost: pl.DataFrame
    moved: pl.DataFrame

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        """Return the tables as lists of rows."""
        return {name: frame.to_dicts() for name, frame in vars(self).items()}


@dataclass(frozen=True)
class ListsOfRun:
    """The lists of a run.

    Attributes:
        run_id: of the run.
        lists: user_id, rank, item_id; to the depth that is compared.
    """

    run_id: str
    lists: pl.DataFrame


def changed_lists(
    runs: Path, old: ListsOfRun, new: ListsOfRun, users: pl.DataFrame, served: pl.DataFrame
) -> ChangedLists:
    """Say how lists changed by groups of users, and by which items.

    Args:
        runs: folder of runs, for titles.
        old: lists of the run before.
        new: lists of the run.
        users: change of each user's list, as `Stability` has it.
        served: user_id, route, segment of the new run.

    Returns:
        The change.

    Raises:
        DataError: a file of titles is damaged.
    """
    counts = _item_counts(old.lists, new.lists)
    in_old, in_new = pl.col("before") > 0, pl.col("after") > 0
    is_moved = in_old & in_new & (pl.col("before") != pl.col("after"))
    # Titles come from the run whose items they are.
    before, after = folder_of(runs, old.run_id), folder_of(runs, new.run_id)
    return ChangedLists(
        groups=_groups(users, served),
        gained=_titled(after, counts.filter(~in_old)),
        lost=_titled(before, counts.filter(~in_new)),
        moved=_titled(after, counts.filter(is_moved)),
    )


def _item_counts(old_lists: pl.DataFrame, new_lists: pl.DataFrame) -> pl.DataFrame:
    """Count the lists in which each item stands: item_id, before, after."""
    before = old_lists.group_by("item_id").len("before")
    after = new_lists.group_by("item_id").len("after")
    # An item that only one of them lists counts 0 in the other.
    return before.join(after, on="item_id", how="full", coalesce=True).fill_null(0)


def _titled(folder: Path, counts: pl.DataFrame) -> pl.DataFrame:
    """Return the items of the largest change, with their titles."""
    # Counts are unsigned: a difference of them would wrap around.
    before, after = pl.col("before").cast(pl.Int64), pl.col("after").cast(pl.Int64)
    change = (after - before).abs()
    largest = counts.sort(-change, "item_id").head(MAX_ITEMS)
    return with_titles(folder, largest)


def _groups(users: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    """Say how lists changed for everyone, by route and by segment; a null segment is left out."""
    # `segment` holds routes there, by which stability was measured; `served` has both.
    known = users.drop("segment").join(served, on="user_id", how="left")
    figures = (
        pl.len().alias("users"),
        (~pl.col("unchanged")).sum().alias("changed"),
        (1 - pl.col("jaccard").mean()).alias("churn"),
        pl.col("top1_changed").mean(),
    )
    everyone = pl.lit("all")
    tables = [known.select(everyone.alias("by"), everyone.alias("name"), *figures)]
    for column in ("route", "segment"):
        groups = known.drop_nulls(column).group_by(pl.col(column).alias("name"))
        table = groups.agg(*figures).sort("name")
        tables.append(table.select(pl.lit(column).alias("by"), pl.all()))
    return pl.concat(tables)
