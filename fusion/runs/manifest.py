"""The run folder: what was made from what, beside the files themselves."""

import json
import os
import platform
import resource
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fusion.runs.stage_store import LIBRARIES, code_version, sweep_drafts

CHUNK = 2**20


def new_run_id(now: datetime | None = None) -> str:
    """A name for a run that sorts by time and is not taken: 20260131-235959-1a2b3c."""
    return f"{now or datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def moment(milliseconds: int) -> datetime:
    """Milliseconds since 1970 -> aware UTC time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@contextmanager
def run_folder(root: Path, run_id: str) -> Iterator[Path]:
    """A folder to fill, which appears under the run's name only when it is whole."""
    draft = root / f".{run_id}.{os.getpid()}"
    draft.mkdir(parents=True)
    try:
        yield draft
        draft.rename(root / run_id)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def sweep_folders(root: Path) -> None:
    """Remove drafts of processes that are gone."""
    sweep_drafts(root, ".2*-*-*.*")


def environment() -> dict[str, Any]:
    """Versions and machine that made a run."""
    versions = {name: _version(name) for name in ("fusion-recommender", *LIBRARIES)}
    return {
        "code": code_version(),
        "versions": versions,
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def file_hashes(folder: Path) -> dict[str, dict[str, str | int]]:
    """SHA-256 and bytes of every file below a folder, by relative path."""
    files = sorted(
        file for file in folder.rglob("*") if file.is_file() and file.name != "manifest.json"
    )
    return {
        file.relative_to(folder).as_posix(): {"sha256": _digest(file), "bytes": file.stat().st_size}
        for file in files
    }


def _digest(file: Path) -> str:
    hasher = sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def write_manifest(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Add the hashes of the folder's files to `content` and write `manifest.json`; gives what was written."""
    whole = {**content, "files": file_hashes(folder)}
    (folder / "manifest.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False))
    return whole


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a run folder's `manifest.json`."""
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content
