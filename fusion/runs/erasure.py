"""Taking people out of a run folder: ids, lists, samples, rows put aside, texts of the manifest."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from fusion.core.arrays import Rows
from fusion.core.system_errors import disk_refused
from fusion.errors import DataError
from fusion.runs.amendment import amending, aside
from fusion.runs.monitoring_samples import USER_ROW
from fusion.runs.redaction import Redactor
from fusion.runs.run_folder import RunFolder

ROW_COLUMNS = ("user", USER_ROW)
"""Columns of run folders that hold users' row numbers."""
ID_COLUMN = "user_id"
"""Column that holds users' outside ids."""


def people_in(folder: Path, people: Collection[str]) -> dict[str, int]:
    """Return those of some people whom a run folder still names.

    Args:
        folder: a run folder.
        people: outside ids.

    Returns:
        Outside id -> row number.

    Raises:
        DataError: its ids cannot be read.
    """
    file = RunFolder(folder).user_ids
    with _naming_damage(file):
        ids = pl.read_parquet(file)[ID_COLUMN]
    named = ids.is_in([*people]).fill_null(False)
    rows = np.flatnonzero(named.to_numpy())
    return dict(zip(ids.gather(rows).to_list(), rows.tolist(), strict=True))


def quarantined_in(folder: Path, people: Collection[str]) -> set[str]:
    """Return those of some people of whom a run folder holds rows that checks put aside.

    A person of whom every row was put aside stands nowhere else in the run.

    Args:
        folder: a run folder.
        people: outside ids.

    Raises:
        DataError: such rows cannot be read.
    """
    found: set[str] = set()
    for file in _quarantine_files(folder):
        with _naming_damage(file):
            ids = pl.read_parquet(file, columns=[ID_COLUMN])[ID_COLUMN]
        found |= set(ids.filter(ids.is_in([*people]).fill_null(False)))
    return found


def forget_in(folder: Path, people: Collection[str]) -> bool:
    """Take people out of a run folder and amend its manifest.

    Row numbers of all others stay as they are: an id becomes null in its place. Each file is
    replaced whole, once all of them are written. After a kill in the middle the same call does the
    rest. A file that was damaged stays named as such, without these people.

    Args:
        folder: a run folder.
        people: outside ids.

    Returns:
        Whether it named any of them.

    Raises:
        DataError: a file is damaged, and may name people whom nobody can take out of it.
    """
    rows = np.array([*people_in(folder, people).values()], np.int32)
    if not len(rows) and not quarantined_in(folder, people):
        return False
    users, quarantined = RunFolder(folder).user_ids, _quarantine_files(folder)
    others = sorted({*folder.rglob("*.parquet")} - {users, *quarantined})
    redactor = Redactor(people, rows.tolist())
    with amending(folder, redactor, "people were forgotten") as drafts:
        for file in (*others, *quarantined):
            with _naming_damage(file):
                new = _cut(file, rows, people)
            if new is not None:
                drafts[file] = new
        if len(rows):
            drafts[users] = _new_users(users, people)
    return True


@contextmanager
def _naming_damage(file: Path) -> Iterator[None]:
    """Name a file of a run folder that cannot be read in the block."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError, ValueError) as failure:  # Arrow's are ValueErrors
        if disk_refused(failure):
            raise
        raise DataError(
            f"{file} cannot be searched for people ({failure}). Put its run folder back from a "
            "backup, or remove the folder: the run's lists in SQL stay. Then run the same again"
        ) from failure


def empty_files(folder: Path, files: Collection[Path], why: str, dry_run: bool = False) -> int:
    """Take all rows out of Parquet files of a run folder, and amend its manifest.

    The files stay, so that their readers need no other case. After a kill in the middle the same
    call does the rest.

    Args:
        folder: a run folder.
        files: in it; those without rows stay as they are.
        why: for the manifest's note.
        dry_run: count the rows, and change nothing.

    Returns:
        The number of rows.

    Raises:
        DataError: a file or the manifest is damaged; nothing is changed then.
    """
    n_rows = {}
    for file in files:
        with _naming_damage(file):
            n_rows[file] = pq.read_metadata(file).num_rows
    total = sum(n_rows.values())
    if dry_run or not total:
        return total
    with amending(folder, Redactor(()), why) as drafts:
        for file in (file for file, count in n_rows.items() if count):
            drafts[file] = aside(file)
            pq.write_table(pq.read_schema(file).empty_table(), drafts[file])
    return total


def _quarantine_files(folder: Path) -> list[Path]:
    return sorted(RunFolder(folder).quarantine.glob("*.parquet"))


def _new_users(users: Path, people: Collection[str]) -> Path:
    """Write the file of ids anew beside the old one, with null for some people."""
    ids = pl.read_parquet(users)
    without = pl.when(pl.col(ID_COLUMN).is_in([*people])).then(None).otherwise(pl.col(ID_COLUMN))
    new_users = aside(users)
    ids.with_columns(without.alias(ID_COLUMN)).write_parquet(new_users)
    return new_users


def _cut(file: Path, rows: Rows, people: Collection[str]) -> Path | None:
    """Write a Parquet file anew beside the old one, without the rows of some users.

    Returns:
        The new file; None where no row goes, or nothing says whose rows they are.
    """
    with pq.ParquetFile(file) as stored:
        column = _column_of_users(stored)
        if column is None:
            return None
        gone = [*people] if column == ID_COLUMN else rows.tolist()
        new = aside(file)
        n_cut = 0
        # One group of rows at a time: a file of lists may be larger than memory.
        with pq.ParquetWriter(new, stored.schema_arrow, compression="zstd") as writer:
            for number in range(stored.num_row_groups):
                group = stored.read_row_group(number)
                goes = pl.Series(group[column]).is_in(gone).fill_null(False).to_numpy()
                n_cut += int(goes.sum())
                if not goes.all():
                    writer.write_table(group.filter(~goes))
    if not n_cut:
        new.unlink()
        return None
    return new


def _column_of_users(stored: pq.ParquetFile) -> str | None:
    """The column that says whose the rows are; None where they are nobody's."""
    names = set(stored.schema_arrow.names)
    for column in (*ROW_COLUMNS, ID_COLUMN):
        if column in names:
            return column
    return None
