"""Lists of a run by item, from SQL: a part of them."""

from dataclasses import dataclass

import polars as pl
from sqlalchemy import Engine

from storage.reading.people.one_item import (
    ItemPlaces,
    item_places,
    listed_together,
    most_listed,
    reasons_of_item,
)

MOST_EXPLAINED = 20
"""Users whose reasons are read: each has all of theirs in one row."""


@dataclass(frozen=True)
class SqlLists:
    """Lists of a run as SQL has them; the functions are those of `FolderLists`.

    Attributes:
        engine: from `connect`.
        run_no: the run.
        size: ranks that are shown.
        n_lists: lists of the run; None where its manifest does not say.
    """

    engine: Engine
    run_no: int
    size: int
    n_lists: int | None

    def places(self, item: str) -> ItemPlaces:
        """Return where an item stands in some lists.

        Args:
            item: outside id.
        """
        return item_places(self.engine, self.run_no, item, self.size, self.n_lists)

    def together(self, item: str, users: list[str]) -> pl.DataFrame:
        """Count the other items of some users' lists.

        Args:
            item: that is left out.
            users: outside ids.

        Returns:
            item_id, lists; the most frequent first.
        """
        return listed_together(self.engine, self.run_no, item, users, self.size)

    def most_listed(self, most: int) -> tuple[pl.DataFrame, int]:
        """Return the items that stand in the most of some lists.

        Args:
            most: items at most.

        Returns:
            item_id, lists; the most frequent first; and the number of lists.
        """
        return most_listed(self.engine, self.run_no, self.size, most)

    def reasons(self, item: str, users: list[str]) -> pl.DataFrame:
        """Return the reasons that are stored of an item in some users' lists.

        Args:
            item: outside id.
            users: outside ids; the first of them are asked.

        Returns:
            source, source_rank, reason, gain: a row a reason.
        """
        return reasons_of_item(self.engine, self.run_no, item, users[:MOST_EXPLAINED])

    def days(self, item: str) -> pl.DataFrame | None:
        """Return nothing: SQL has histories by user alone.

        Args:
            item: outside id.
        """
        return None
