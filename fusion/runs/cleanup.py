"""Run folders and the stages they use, and removing either whole."""

import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from fusion.core.clocks import SKEW
from fusion.core.locks.drafts import draft_name, sweep_drafts
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import read_manifest
from fusion.runs.run_folder import RunFolder
from fusion.runs.stages.store import Store

VECTORS = "vectors"
"""The part of the store that belongs to no run: text vectors, by content."""
QUERY_VECTORS = "query_vectors"
"""The same of texts of people: those that the data held when it was last trained on."""


def run_folders(root: Path) -> dict[str, Path]:
    """Return the finished run folders, of every placement.

    Args:
        root: folder of runs.

    Returns:
        Run id -> folder, oldest name first. Drafts, whose names begin with a dot, are left out.
    """
    # A folder without a manifest is no run: it is written last.
    manifests = sorted(root.glob(f"[!.]*/{RunFolder(root).manifest.name}"))
    return {file.parent.name: file.parent for file in manifests}


def unused_stages(root: Path, gone: Collection[str] = ()) -> list[Path]:
    """Return the stages that no run folder refers to and that are old.

    What was used after the newest run folder was finished stays: a training that was killed left
    it, and the next one goes on from there.

    Args:
        root: folder of runs, with the store in it.
        gone: ids of runs that do not count, since they are about to be removed.
    """
    finished = [_used_at(RunFolder(folder).manifest) for folder in run_folders(root).values()]
    newest = max(finished, default=0.0)
    return [stage for stage in unnamed_stages(root, gone) if _used_at(stage) <= newest]


def unnamed_stages(root: Path, gone: Collection[str] = ()) -> list[Path]:
    """Return the stages that no run folder refers to.

    Args:
        root: folder of runs, with the store in it.
        gone: ids of runs that do not count.
    """
    used: set[str] = set()
    for run_id, folder in run_folders(root).items():
        if run_id not in gone:
            used |= stages_of(folder)
    return [stage for stage in stages(root) if name_of(stage) not in used]


def stages(root: Path) -> list[Path]:
    """Return every finished stage.

    Args:
        root: folder of runs, with the store in it.
    """
    folders = sorted((root / "store").glob("*/[!.]*"))
    of_no_run = (VECTORS, QUERY_VECTORS)
    return [stage for stage in folders if stage.is_dir() and stage.parent.name not in of_no_run]


def stages_of(folder: Path) -> set[str]:
    """Return the stages that a run was made with, `<name>/<key>`, as its manifest says.

    Args:
        folder: a run folder.
    """
    return set(Manifest.of(read_manifest(folder)).stages)


def name_of(stage: Path) -> str:
    """Return how manifests call a stage: `<name>/<key>`.

    Args:
        stage: its folder in the store.
    """
    return f"{stage.parent.name}/{stage.name}"


def remove_folder(folder: Path) -> None:
    """Remove a run folder or stage, in one step, so that nobody sees half of it.

    What a killed removal leaves has the name of a draft, which `sweep_artifacts` and the next
    training remove.

    Args:
        folder: to remove; nothing happens where it is gone already. Of a link the link alone goes,
            never what it points to.
    """
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
        return
    aside = draft_name(folder)
    # Without a lock, which a full disk may have no room for: a sweep only helps to remove it.
    with suppress(FileNotFoundError):
        folder.rename(aside)
        shutil.rmtree(aside)


def sweep_folders(root: Path) -> None:
    """Remove drafts of processes that are gone.

    Args:
        root: folder of runs.
    """
    sweep_drafts(root, ".2*-*-*.*")


def sweep_artifacts(root: Path) -> None:
    """Remove what processes that are gone left half made or half removed.

    Args:
        root: folder of runs, with the store in it.
    """
    sweep_folders(root)
    Store(root / "store").sweep()


def size(place: Path) -> int:
    """Return the bytes of a file, or of all files below a folder.

    Args:
        place: file or folder.
    """
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file())


def _used_at(place: Path) -> float:
    """Time at which it was written, or for a stage last asked for: seconds since 1970.

    One in the future, of a clock that was ahead, is as good as none: the stage would stay for ever.
    """
    written = place.stat().st_mtime
    return 0.0 if written > time.time() + SKEW.total_seconds() else written
