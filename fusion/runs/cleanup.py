"""What fills the folder of artifacts: run folders and stages, which run uses which, and taking them away whole."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from fusion.runs.manifest import read_manifest
from fusion.runs.run_folder import sweep_folders
from fusion.runs.stage_store import Store

VECTORS = "vectors"
"""The part of the store that belongs to no run: text vectors, by content."""


def run_folders(root: Path) -> dict[str, Path]:
    """Finished run folders below `root` by run id, oldest name first, whoever's they are; drafts begin with a dot."""
    return {file.parent.name: file.parent for file in sorted(root.glob("[!.]*/manifest.json"))}


def unused_stages(root: Path, gone: Collection[str] = ()) -> list[Path]:
    """Stages in `<root>/store` that no run folder refers to, those of the runs `gone` left aside, and that are old.

    What was touched after the newest run folder was finished is kept: a training that was killed
    left it, and the next one goes on from there.
    """
    newest = max(
        (_touched(folder / "manifest.json") for folder in run_folders(root).values()), default=0.0
    )
    return [stage for stage in unnamed_stages(root, gone) if _touched(stage) <= newest]


def unnamed_stages(root: Path, gone: Collection[str] = ()) -> list[Path]:
    """Stages in `<root>/store` that no run folder refers to, those of the runs `gone` left aside."""
    kept = [folder for run_id, folder in run_folders(root).items() if run_id not in gone]
    used = {stage for folder in kept for stage in stages_of(folder)}
    return [stage for stage in stages(root) if name_of(stage) not in used]


def stages(root: Path) -> list[Path]:
    """Every finished stage in `<root>/store`."""
    found = sorted((root / "store").glob("*/[!.]*"))
    return [stage for stage in found if stage.is_dir() and stage.parent.name != VECTORS]


def stages_of(folder: Path) -> set[str]:
    """The stages that a run was made with, `<name>/<key>`, as its manifest says."""
    return set(read_manifest(folder).get("stages", ()))


def name_of(stage: Path) -> str:
    """How manifests call a stage: `<name>/<key>`."""
    return f"{stage.parent.name}/{stage.name}"


def remove_folder(folder: Path) -> None:
    """Remove a run folder or stage: gone from its place in one step, so that nobody meets half of it.

    What a killed removal leaves has the name of a draft, which `sweep_artifacts` and the next
    training remove.
    """
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return  # another process removes it
    shutil.rmtree(aside)


def sweep_artifacts(root: Path) -> None:
    """Remove what processes that are gone left half made or half removed."""
    sweep_folders(root)
    Store(root / "store").sweep()


def size(place: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file())


def _touched(place: Path) -> float:
    return place.stat().st_mtime
