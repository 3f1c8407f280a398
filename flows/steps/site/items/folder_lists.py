"""Lists of a run by item, from its folder: all of them."""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from fusion.runs.run_folder import RunFolder
from storage.reading.people.one_item import ItemPlaces


@dataclass(frozen=True)
class FolderLists:
    """Lists of a run folder.

    Attributes:
        folder: of the run.
        size: ranks that are shown.
    """

    folder: RunFolder
    size: int

    @cached_property
    def _items(self) -> pl.Series:
        return pl.read_parquet(self.folder.item_ids, columns=["item_id"])["item_id"]

    @cached_property
    def _shown(self) -> pl.LazyFrame:
        return pl.scan_parquet(self.folder.lists).filter(pl.col("rank") <= self.size)

    def row_of(self, item: str) -> int | None:
        """Return the row number of an item; None where the run does not know it.

        Args:
            item: outside id.
        """
        return self._items.index_of(item)

    def places(self, item: str) -> ItemPlaces:
        """Return where an item stands.

        Args:
            item: outside id.
        """
        row = self.row_of(item)
        mine = self._shown.filter(pl.col("item") == (-1 if row is None else row))
        frames = [mine.select("user", "rank"), self._shown.filter(rank=1).select(pl.len())]
        places, n_lists = pl.collect_all(frames)
        users = pl.read_parquet(self.folder.user_ids)["user_id"].gather(places["user"])
        named = places.select(users.alias("user_id"), "rank").drop_nulls()
        return ItemPlaces(named, n_lists.item(), row is not None, is_sample=False)

    def together(self, item: str, users: list[str]) -> pl.DataFrame:
        """Count the other items of some users' lists.

        Args:
            item: that is left out.
            users: outside ids.

        Returns:
            item_id, lists; the most frequent first.
        """
        ids = pl.read_parquet(self.folder.user_ids).with_row_index("user")
        rows = ids.filter(pl.col("user_id").is_in(users))["user"].cast(pl.Int32)
        theirs = self._shown.filter(pl.col("user").is_in(rows.implode()))
        counts = theirs.group_by("item").agg(lists=pl.len()).collect()
        return self._named(counts).filter(pl.col("item_id") != item)

    def most_listed(self, most: int) -> tuple[pl.DataFrame, int]:
        """Return the items that stand in the most lists.

        Args:
            most: items at most.

        Returns:
            item_id, lists; the most frequent first; and the number of lists.
        """
        counts = self._shown.group_by("item").agg(lists=pl.len())
        n_lists = self._shown.filter(rank=1).select(pl.len())
        frame, looked_at = pl.collect_all([counts, n_lists])
        return self._named(frame).head(most), looked_at.item()

    def reasons(self, item: str, users: list[str]) -> pl.DataFrame:
        """Return the reasons that are stored of an item.

        Args:
            item: outside id.
            users: not asked: all that were explained are there.

        Returns:
            source, source_rank, reason, gain: a row a reason.
        """
        columns = ("source", "source_rank", "reason", "gain")
        if not self.folder.why.exists():
            return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
        row = self.row_of(item)
        mine = pl.scan_parquet(self.folder.why).filter(
            pl.col("item") == (-1 if row is None else row)
        )
        return mine.select(columns).collect()

    def days(self, item: str) -> pl.DataFrame | None:
        """Count the events with an item by day, among the last events of each user.

        Args:
            item: outside id.

        Returns:
            day, events; None where the run keeps no histories, or its data has no times.
        """
        row = self.row_of(item)
        if row is None or not self.folder.history.exists():
            return None
        mine = pl.scan_parquet(self.folder.history).filter(pl.col("item") == row)
        days = mine.select(day=pl.col("time").dt.date()).drop_nulls()
        counts = days.group_by("day").agg(events=pl.len()).sort("day").collect()
        return None if counts.is_empty() else counts

    def _named(self, counts: pl.DataFrame) -> pl.DataFrame:
        named = counts.select(self._items.gather(counts["item"]).alias("item_id"), "lists")
        return named.sort("lists", "item_id", descending=[True, False])
