"""A person's rows in run folders and stages, which know them by row number."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from fusion.runs.cleanup import name_of, stages, stages_of
from fusion.runs.erasure import ID_COLUMN, ROW_COLUMNS, people_in
from fusion.runs.run_folder import RunFolder

LEARNED = "made from data with this user; by itself it names nobody, and cannot be read by user"
"""Of files of stages and rankers, which hold what was learned of many together."""
MODELS = (".npz", ".txt")
"""Kinds of files that hold models: arrays, and LightGBM's text."""
ITEM = "item"
"""Column of items' row numbers, which an export writes as ids."""


@dataclass(frozen=True)
class HeldFile:
    """A file that holds something of a person.

    Attributes:
        path: the file.
        how: a sentence that says what it holds.
        rows: their rows as column: value; none where the file has no rows of users.
    """

    path: Path
    how: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class KnownIn:
    """A run that knows a person.

    Attributes:
        folder: of the run.
        rows: their row numbers by the id that the run knows.
    """

    folder: Path
    rows: Mapping[str, int]

    @property
    def items(self) -> pl.Series:
        """Outside ids of items by row number."""
        return pl.read_parquet(RunFolder(self.folder).item_ids)["item_id"]


def known_in(folder: Path, ids: list[str]) -> KnownIn | None:
    """Look a person up in a run.

    Args:
        folder: of the run.
        ids: under which it may know them.

    Returns:
        Their row; None where the run does not know them.
    """
    rows = people_in(folder, ids)
    return KnownIn(folder, rows) if rows else None


def files_of_run(run: KnownIn) -> Iterator[HeldFile]:
    """Iterate over the files of a run folder with rows of a person.

    Args:
        run: that knows them.

    Yields:
        Each with its rows.
    """
    items = run.items
    for file in sorted(run.folder.rglob("*.parquet")):
        rows = rows_in(file, run.rows, items)
        if rows:
            yield HeldFile(file, "rows of this user", rows)


def files_of_stages(root: Path, runs: list[KnownIn]) -> Iterator[HeldFile]:
    """Iterate over the files of the stages that runs were made with.

    Args:
        root: folder of runs, with the store in it.
        runs: those that know a person.

    Yields:
        Each with rows of the person, and each with a model that was made of them among others.
    """
    by_stage: dict[str, KnownIn] = {}
    for run in runs:
        by_stage |= dict.fromkeys(stages_of(run.folder), run)
    for stage in stages(root):
        maker = by_stage.get(name_of(stage))
        if maker is None:
            continue
        # A stage numbers users as the runs do that use it: their ids are part of its key.
        for file in sorted(path for path in stage.rglob("*") if path.is_file()):
            if file.suffix in MODELS:
                yield HeldFile(file, LEARNED, [])
            elif file.suffix == ".parquet" and (rows := rows_in(file, maker.rows, maker.items)):
                yield HeldFile(file, "rows of this user", rows)


def rows_in(file: Path, known: Mapping[str, int], items: pl.Series) -> list[dict[str, Any]]:
    """Return a person's rows in a Parquet file that says whose its rows are.

    Args:
        file: with a column of row numbers or of ids of users, or with neither.
        known: row numbers by id.
        items: outside ids of items by row number.

    Returns:
        Rows as column: value, items by id; none where the rows are nobody's.
    """
    names = list(pl.read_parquet_schema(file))
    column = next((name for name in (*ROW_COLUMNS, ID_COLUMN) if name in names), None)
    if column is None:
        return []
    wanted = list(known) if column == ID_COLUMN else list(known.values())
    # Lazily: of a large file only the groups of rows that may hold them are read.
    rows = pl.scan_parquet(file).filter(pl.col(column).is_in(wanted)).collect()
    if ITEM in rows.columns and rows[ITEM].dtype.is_integer():
        rows = rows.with_columns(items.gather(rows[ITEM]).alias(ITEM))
    return rows.to_dicts()
