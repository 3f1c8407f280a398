"""Assembly of cleaned rows into a `Dataset`: time order, row numbers, duplicates, side tables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from fusion.core.arrays import Rows, Times
from fusion.core.findings import EXAMPLES, Finding, example_rows
from fusion.data.dataset import Dataset
from fusion.data.id_map import IdMap
from fusion.ingest.cell_parsing import label_type
from fusion.ingest.reading_findings import DUPLICATES
from fusion.ingest.settings import DataSettings


def in_time_order(frame: pl.DataFrame, as_of: int | None) -> pl.DataFrame:
    """Sort interactions by time, equal times in the order of the file.

    Args:
        frame: interactions; without a column `time` they stay as they are.
        as_of: moment in ms from which on events are left out; None keeps all.

    Returns:
        Interactions before `as_of`, oldest first.
    """
    if "time" not in frame.columns:
        return frame
    if as_of is not None:
        frame = frame.filter(pl.col("time") < as_of)
    # Logs are usually sorted already, and the test costs far less than the sort.
    return frame if frame["time"].is_sorted() else frame.sort("time", maintain_order=True)


def number_rows(ids: pl.Series, others: pl.DataFrame | None) -> tuple[IdMap, Rows]:
    """Number ids by first appearance, then those that only a table names, in its order.

    Args:
        ids: (N,) outside ids of the interactions, text or labels; none is missing.
        others: table with a column `id`; None where there is none.

    Returns:
        The map of all ids, and the row number (N,) int32 of each interaction.
    """
    # Ids of interactions come first: a longer table of items must not renumber them.
    labels = ids if isinstance(ids.dtype, pl.Categorical) else ids.cast(label_type())
    distinct = labels.unique(maintain_order=True)
    columns = [distinct] if others is None else [distinct, others["id"]]
    # A label has a number of its own, by which the row number of its id is looked up.
    codes = distinct.to_physical().to_numpy()
    row_of_code = np.zeros(int(codes.max(initial=0)) + 1, np.int32)
    row_of_code[codes] = np.arange(len(codes), dtype=np.int32)
    return IdMap.in_order(*columns), row_of_code[labels.to_physical().to_numpy()]


def duplicates(frame: pl.DataFrame) -> pl.Series:
    """Flag rows that repeat an earlier row exactly.

    Args:
        frame: (N,) interactions.

    Returns:
        Bool (N,), False for the first of equal rows.
    """
    # Rows are compared cell by cell only where their hashes collide: the hash of a row is one
    # number, and few rows share one.
    hashes = frame.hash_rows(seed=0).to_numpy()
    ordered = np.sort(hashes)
    is_repeated = ordered[1:] == ordered[:-1]
    repeated = np.unique(ordered[1:][is_repeated])
    is_duplicate = np.zeros(len(frame), bool)
    if len(repeated):
        suspects = np.flatnonzero(np.isin(hashes, repeated))
        whole_row = pl.struct(pl.all())
        is_first = frame[suspects].select(whole_row.is_first_distinct()).to_series()
        is_duplicate[suspects] = ~is_first.to_numpy()
    return pl.Series(is_duplicate)


@dataclass(frozen=True)
class Numbered:
    """Interactions with row numbers in place of outside ids.

    Attributes:
        frame: (N,) rows with `user` and `item` as row numbers, oldest first.
        user_ids: outside ids of users by row number.
        item_ids: outside ids of items by row number.
        tables: under "items" and "users" the table by `id`, or None.
    """

    frame: pl.DataFrame
    user_ids: IdMap
    item_ids: IdMap
    tables: Mapping[str, pl.DataFrame | None]

    @classmethod
    def of(cls, frame: pl.DataFrame, tables: Mapping[str, pl.DataFrame | None]) -> "Numbered":
        """Number the ids of interactions and tables.

        Args:
            frame: (N,) interactions by outside ids, oldest first.
            tables: under "items" and "users" the table by `id`, or None.
        """
        user_ids, user_rows = number_rows(frame["user"], tables["users"])
        item_ids, item_rows = number_rows(frame["item"], tables["items"])
        rows = (pl.Series("user", user_rows), pl.Series("item", item_rows))
        return cls(frame.with_columns(*rows), user_ids, item_ids, tables)

    def without_duplicates(self) -> tuple["Numbered", int, list[Finding]]:
        """Keep the first of interactions that are equal in every column but the row of the file.

        Returns:
            The others, how many went, and the finding about them.
        """
        # Equal rows of one file differ in their row number, which is for findings only.
        is_duplicate = duplicates(self.frame.drop("row"))
        count = int(is_duplicate.sum())
        if not count:
            return self, 0, []
        first = self.frame.filter(is_duplicate).head(EXAMPLES)
        shown = self._by_ids(first).select("row", "user", "item")
        message = f"{count} interactions equal an earlier one in every column that is read"
        examples, n_rows = example_rows(shown), len(self.frame)
        finding = DUPLICATES.finding("interactions", count, message, examples, total=n_rows)
        return replace(self, frame=self.frame.filter(~is_duplicate)), count, [finding]

    def without_users(self, rows: Rows) -> "Numbered":
        """Leave users out, and number all others as if they had never been there.

        Args:
            rows: of the users.
        """
        gone = self.user_ids.texts(rows).implode()
        kept = self.frame.filter(~pl.col("user").is_in(pl.Series(rows).implode()))
        users = self.tables["users"]
        if users is not None:
            users = users.filter(~pl.col("id").is_in(gone))
        return Numbered.of(self._by_ids(kept), {**self.tables, "users": users})

    def dataset(self, settings: DataSettings, as_of: int | None) -> Dataset:
        """Put everything together.

        Args:
            settings: the `[data]` section.
            as_of: moment in ms of the dataset; None: 1 ms after the last event.
        """
        dataset = as_dataset(self.frame, self.user_ids, self.item_ids, self.tables, as_of)
        has_weights = settings.columns.weight is not None or bool(settings.events)
        return replace(dataset, has_weights=has_weights, timezone=settings.timezone)

    def _by_ids(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Put outside ids in place of row numbers."""
        users = self.user_ids.texts(frame["user"].to_numpy())
        items = self.item_ids.texts(frame["item"].to_numpy())
        return frame.with_columns(users.alias("user"), items.alias("item"))


def as_dataset(
    frame: pl.DataFrame,
    user_ids: IdMap,
    item_ids: IdMap,
    tables: Mapping[str, pl.DataFrame | None],
    as_of: int | None,
) -> Dataset:
    """Put interactions and the two side tables together.

    Args:
        frame: (N,) interactions with `user` and `item` as row numbers, `weight`, `liked` and
            perhaps `time` (ms), oldest first.
        user_ids: outside ids of users by row number.
        item_ids: outside ids of items by row number.
        tables: under "items" and "users" the table by `id`, or None.
        as_of: moment in ms of the dataset; None: 1 ms after the last event.

    Returns:
        The dataset, with times of 0 where there are none.
    """
    has_times = "time" in frame.columns
    times = _times(frame)
    after_the_last = int(times.max(initial=0)) + 1
    return Dataset(
        user_ids=user_ids,
        item_ids=item_ids,
        users=frame["user"].to_numpy(),
        items=frame["item"].to_numpy(),
        times=times,
        weights=frame["weight"].to_numpy(),
        liked=frame["liked"].to_numpy(),
        as_of=after_the_last if as_of is None else as_of,
        has_times=has_times,
        item_table=_aligned(item_ids, tables["items"]),
        user_table=_aligned(user_ids, tables["users"]),
    )


def _times(frame: pl.DataFrame) -> Times:
    """Times (N,) int64 in ms; 0 where there are none."""
    if "time" not in frame.columns:
        return np.zeros(len(frame), np.int64)
    return frame["time"].to_numpy().astype(np.int64, copy=False)


def _aligned(ids: IdMap, table: pl.DataFrame | None) -> pl.DataFrame:
    """Columns of a table in row order, null for ids it does not name; empty without a table."""
    if table is None or table.width < 2:
        return pl.DataFrame()
    # A left join keeps the rows of the left side, and every id has its row there.
    in_row_order = ids.values.to_frame("id")
    joined = in_row_order.join(table, on="id", how="left", maintain_order="left")
    return joined.drop("id")
