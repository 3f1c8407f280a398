"""Taking people out of a run folder: ids, lists, samples, rows put aside, texts of the manifest."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from fusion.core.arrays import Rows
from fusion.core.durable import replace_file, replaced_by
from fusion.errors import DataError, disk_refused
from fusion.runs.manifest_file import as_summed_text, file_hashes, read_manifest
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
    replaced whole. The files by which people are found go last, so that after a kill in the middle
    the same call finds the same people and does the rest.

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
    users = RunFolder(folder).user_ids
    quarantined = _quarantine_files(folder)
    for file in sorted(folder.rglob("*.parquet")):
        if file != users and file not in quarantined:
            with _naming_damage(file):
                new = _cut(file, rows, people)
            if new is not None:
                replace_file(new, file)
    last = {}
    for file in quarantined:
        with _naming_damage(file):
            new = _cut(file, rows, people)
        if new is not None:
            last[file] = new
    if len(rows):
        last[users] = _new_users(users, people)
    _amend(folder, last, Redactor(people, rows.tolist()), "people were forgotten")
    for file, new in last.items():
        replace_file(new, file)
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

    The files stay, so that their readers need no other case. The manifest comes first: killed
    before the files, the same call finds the rows and does the rest.

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
    last = {}
    for file in (file for file, count in n_rows.items() if count):
        last[file] = _aside(file)
        pq.write_table(pq.read_schema(file).empty_table(), last[file])
    _amend(folder, last, Redactor(()), why)
    for file, new in last.items():
        replace_file(new, file)
    return total


def _quarantine_files(folder: Path) -> list[Path]:
    return sorted(RunFolder(folder).quarantine.glob("*.parquet"))


def _new_users(users: Path, people: Collection[str]) -> Path:
    """Write the file of ids anew beside the old one, with null for some people."""
    ids = pl.read_parquet(users)
    without = pl.when(pl.col(ID_COLUMN).is_in([*people])).then(None).otherwise(pl.col(ID_COLUMN))
    new_users = _aside(users)
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
        aside = _aside(file)
        n_cut = 0
        # One group of rows at a time: a file of lists may be larger than memory.
        with pq.ParquetWriter(aside, stored.schema_arrow, compression="zstd") as writer:
            for number in range(stored.num_row_groups):
                group = stored.read_row_group(number)
                goes = pl.Series(group[column]).is_in(gone).fill_null(False).to_numpy()
                n_cut += int(goes.sum())
                if not goes.all():
                    writer.write_table(group.filter(~goes))
    if not n_cut:
        aside.unlink()
        return None
    return aside


def _column_of_users(stored: pq.ParquetFile) -> str | None:
    """The column that says whose the rows are; None where they are nobody's."""
    names = set(stored.schema_arrow.names)
    for column in (*ROW_COLUMNS, ID_COLUMN):
        if column in names:
            return column
    return None


def _amend(folder: Path, last: Mapping[Path, Path], redactor: Redactor, why: str) -> None:
    """Write the manifest anew: people out of its texts, new hashes, and a note of what changed.

    `last` maps files that are about to be replaced to what will stand there.
    """
    run = RunFolder(folder)
    manifest: dict[str, Any] = redactor.redact(read_manifest(folder))
    hashes = file_hashes(folder)
    for file, new in last.items():
        hashes[_name(folder, file)] = hashes[_name(folder, new)]
    # A file that is missing stays named, so that its damage is noticed later too.
    files = {name: hashes.get(name, old) for name, old in manifest["files"].items()}
    changed = sorted(name for name, one in files.items() if one != manifest["files"][name])
    if changed:
        note = {
            "at": datetime.now(UTC).isoformat(),
            "why": why,
            "files": changed,
        }
        notes = [*manifest.get("amended", ()), note]
        manifest = {**manifest, "files": files, "amended": notes}
    aside = _aside(run.manifest)
    with replaced_by(aside, run.manifest):
        aside.write_text(as_summed_text(manifest), encoding="utf-8")


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _aside(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")
