"""Damage of a run folder: files unlike what its manifest says, seen before they are read."""

from collections.abc import Collection
from pathlib import Path

from fusion.errors import DataError
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import damage_by_sha256, read_manifest
from fusion.runs.run_folder import RunFolder


def require_whole(folder: Path, names: Collection[str] | None = None) -> None:
    """Refuse a run folder with a file that is missing or changed.

    Args:
        folder: of a finished run; nothing is refused where it has no manifest, as it was pruned.
        names: relative paths of the files that will be read; None is all of them.

    Raises:
        DataError: the manifest cannot be read, or a file is not as the manifest says.
    """
    if not RunFolder(folder).manifest.exists():
        return
    damage = damage_of_run(folder, names)
    if damage:
        raise DataError(
            f"run folder {folder} is damaged: {damage}. Put the folder back from a backup, or "
            "train anew: `fusion run`. `fusion check --store` names every damaged folder"
        )


def damage_of_run(folder: Path, names: Collection[str] | None = None) -> str:
    """Return what is wrong with a run folder, or nothing.

    Args:
        folder: of a finished run.
        names: relative paths of files to compare, where the run has them; None is all.
    """
    try:
        files = Manifest.of(read_manifest(folder)).files
    except (OSError, DataError, ValueError):  # ValueError is pydantic's
        return f"{RunFolder(folder).manifest.name} cannot be read"
    if not files:
        return f"{RunFolder(folder).manifest.name} names no file"
    compared = {name: each for name, each in files.items() if names is None or name in names}
    return damage_by_sha256(folder, compared)
