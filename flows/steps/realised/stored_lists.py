"""The lists of a run as judging takes them: from SQL, or from its folder where rows are gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl
from sqlalchemy import Engine

from flows.session import Session
from flows.steps.run_damage import require_whole
from fusion.errors import DataError
from fusion.evaluation.realised.served_lists import ServedLists
from fusion.runs.run_folder import RunFolder, folder_of
from fusion.watching.reading.id_hashes import IdHasher
from storage.reading.read import served_of
from storage.reading.served_lists import blocks_of, fallback_of, lists_of_users
from storage.schema.row_objects import RunRow


class StoredLists(Protocol):
    """Where the lists of a run stand."""

    @property
    def served(self) -> pl.DataFrame:
        """Users of the run: user, route, segment."""

    @property
    def fallback(self) -> pl.DataFrame:
        """Fallback lists: segment, item, rank."""

    def lists(self, users: Sequence[str]) -> pl.DataFrame:
        """Return lists of some users: user, item, rank."""


@dataclass(frozen=True)
class SqlLists:
    """The rows of a run in SQL.

    Attributes:
        engine: of the database.
        run_no: the run.
    """

    engine: Engine
    run_no: int

    @property
    def served(self) -> pl.DataFrame:
        """Users of the run: user, route, segment."""
        return served_of(self.engine, self.run_no).rename({"user_id": "user"})

    @property
    def fallback(self) -> pl.DataFrame:
        """Fallback lists: segment, item, rank."""
        return fallback_of(self.engine, self.run_no)

    def lists(self, users: Sequence[str]) -> pl.DataFrame:
        """Return lists of some users: user, item, rank.

        Args:
            users: outside ids.
        """
        return lists_of_users(self.engine, self.run_no, users)


@dataclass(frozen=True)
class FolderLists:
    """The files of a run's folder.

    Attributes:
        folder: of the run.
    """

    folder: RunFolder

    @property
    def served(self) -> pl.DataFrame:
        """Users of the run: user, route, segment."""
        served = pl.read_parquet(self.folder.served)
        return served.with_columns(self._users.gather(served["user"]).alias("user"))

    @property
    def fallback(self) -> pl.DataFrame:
        """Fallback lists: segment, item, rank."""
        rows = pl.read_parquet(self.folder.fallback)
        return rows.select("segment", self._items.gather(rows["item"]).alias("item"), "rank")

    def lists(self, users: Sequence[str]) -> pl.DataFrame:
        """Return lists of some users: user, item, rank.

        Args:
            users: outside ids.
        """
        rows = self._users.is_in(list(users)).arg_true().cast(pl.Int32)
        lists = pl.scan_parquet(self.folder.lists).select("user", "item", "rank")
        theirs = lists.filter(pl.col("user").is_in(rows.implode())).collect()
        return theirs.with_columns(
            self._users.gather(theirs["user"]).alias("user"),
            self._items.gather(theirs["item"]).alias("item"),
        )

    @property
    def _users(self) -> pl.Series:
        return pl.read_parquet(self.folder.user_ids)["user_id"]

    @property
    def _items(self) -> pl.Series:
        return pl.read_parquet(self.folder.item_ids)["item_id"]


def stored_lists(session: Session, run: RunRow) -> StoredLists:
    """Return where the lists of a run stand: SQL, else its folder.

    Args:
        session: the database and the folder of runs.
        run: its row.

    Returns:
        The lists.

    Raises:
        DataError: they are in neither, or the folder is damaged.
    """
    if run.status == "ready":
        return SqlLists(session.engine, run.run_no)
    folder = RunFolder(folder_of(session.runs, run.run_id))
    if not folder.lists.exists():
        raise DataError(
            f"run {run.run_id} is {run.status}, and its lists are neither in SQL nor in "
            f"{folder.path}: they cannot be judged. `fusion runs` shows which runs are ready"
        )
    require_whole(folder.path)
    return FolderLists(folder)


def hashed_lists(
    session: Session, run: RunRow, stored: StoredLists, users: pl.Series, hasher: IdHasher
) -> ServedLists:
    """Read what a run served to some users, with hashes in the place of ids.

    Args:
        session: the database, where blocks stand.
        run: its row.
        stored: its lists.
        users: hashes (n,) of whom is asked.
        hasher: of ids.

    Returns:
        Lists, fallback and blocks; a user without a row is served the fallback of all.
    """
    assert run.list_size is not None  # every run with lists has one
    served = stored.served
    hashed = served.with_columns(hasher.of(served["user"]).alias("hash"))
    asked = hashed.filter(pl.col("hash").is_in(users.implode()))
    lists = stored.lists(asked["user"].to_list())
    blocks = blocks_of(session.engine, session.placement)
    return ServedLists(
        lists=_hashed(lists, hasher, "user", "item"),
        served=asked.select(pl.col("hash").alias("user"), "route", "segment"),
        fallback=_hashed(stored.fallback, hasher, "item"),
        size=run.list_size,
        blocks=_hashed(blocks, hasher, "item", "user") if len(blocks) else None,
    )


def _hashed(rows: pl.DataFrame, hasher: IdHasher, *columns: str) -> pl.DataFrame:
    return rows.with_columns(hasher.of(rows[name]) for name in columns)
