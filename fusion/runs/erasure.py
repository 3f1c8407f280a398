"""Taking people out of a run folder: their id, their lists, their rows in samples, and what the manifest says."""

import json
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from fusion.core.arrays import Flags, Rows
from fusion.runs.manifest import file_hashes, read_manifest
from fusion.runs.monitoring_samples import USER_ROW
from fusion.runs.redaction import Redactor

USERS = Path("ids") / "users.parquet"
ROW_COLUMNS = ("user", USER_ROW)
"""Columns of run folders that hold users' row numbers; `user_id` holds outside ids."""


def people_in(folder: Path, people: Collection[str]) -> dict[str, int]:
    """Those of `people` whom a run folder still names, with their row numbers."""
    ids = pl.read_parquet(folder / USERS)["user_id"]
    rows = np.flatnonzero(ids.is_in([*people]).fill_null(False).to_numpy())
    return dict(zip(ids.gather(rows).to_list(), rows.tolist(), strict=True))


def forget_in(folder: Path, people: Collection[str]) -> bool:
    """Take `people` out of a run folder and amend its manifest; gives whether it named any of them.

    Row numbers of all others stay as they are: an id becomes null in its place. Each file is
    replaced whole. The ids go last, so that after a kill in the middle the same call finds the same
    people and does the rest.
    """
    rows = np.array([*people_in(folder, people).values()], np.int32)
    if not len(rows):
        return False
    for file in sorted(folder.rglob("*.parquet")):
        if file != folder / USERS:
            _cut(file, rows, people)
    named = pl.read_parquet(folder / USERS)
    aside = _aside(folder / USERS)
    id_of = pl.when(pl.col("user_id").is_in([*people])).then(None).otherwise(pl.col("user_id"))
    named.with_columns(id_of.alias("user_id")).write_parquet(aside)
    _amend(folder, aside, Redactor(people, rows.tolist()))
    aside.replace(folder / USERS)
    return True


def _cut(file: Path, rows: Rows, people: Collection[str]) -> None:
    """Drop the rows of some users from a Parquet file that tells users apart, group of rows by group of rows."""
    with pq.ParquetFile(file) as stored:
        names = set(stored.schema_arrow.names)
        columns = [name for name in ROW_COLUMNS if name in names] or ["user_id"] * (
            "user_id" in names
        )
        if not columns:
            return
        gone = [*people] if columns[0] == "user_id" else rows.tolist()
        aside, cut = _aside(file), 0
        with pq.ParquetWriter(aside, stored.schema_arrow, compression="zstd") as writer:
            for number in range(stored.num_row_groups):
                group = stored.read_row_group(number)
                stays: Flags = ~pl.Series(group[columns[0]]).is_in(gone).fill_null(False).to_numpy()
                cut += int((~stays).sum())
                if stays.any():
                    writer.write_table(group.filter(stays))
    aside.replace(file) if cut else aside.unlink()


def _amend(folder: Path, users: Path, names: Redactor) -> None:
    """Write the manifest anew: people out of its texts, new hashes of changed files, and a note that says so.

    `users` is the file that will be `ids/users.parquet`.
    """
    manifest: dict[str, Any] = names.redact(read_manifest(folder))
    found = file_hashes(folder)
    found[USERS.as_posix()] = found[users.relative_to(folder).as_posix()]
    files = {name: found[name] for name in manifest["files"] if name in found}
    changed = sorted(name for name, one in files.items() if one != manifest["files"][name])
    if changed:
        note = {
            "at": datetime.now(UTC).isoformat(),
            "why": "people were forgotten",
            "files": changed,
        }
        manifest = {**manifest, "files": files, "amended": [*manifest.get("amended", ()), note]}
    place = folder / "manifest.json"
    aside = _aside(place)
    aside.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    aside.replace(place)


def _aside(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")
