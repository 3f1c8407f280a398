"""A folder on a disk with little room, for as long as a block runs."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WHOLE = 2**30
"""Bytes of the disk while the folder is copied to it."""


class NoSmallDisk(Exception):
    """Mounting is not allowed here."""


@contextmanager
def small_disk(folder: Path, room: int) -> Iterator[None]:
    """Put a folder on a disk of its own with so many bytes left; afterwards it is back.

    Args:
        folder: to put there.
        room: bytes that are left.

    Yields:
        Nothing.

    Raises:
        NoSmallDisk: mounting is not allowed here.
    """
    aside, copied = _beside(folder)
    folder.rename(aside)
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={WHOLE}", "tmpfs", str(folder)]
    if subprocess.run(mounted, check=False, capture_output=True).returncode:
        put_back(folder)
        raise NoSmallDisk
    shutil.copytree(aside, folder, dirs_exist_ok=True)
    size = shutil.disk_usage(folder).used + room
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)
    yield
    shutil.copytree(folder, copied)
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()
    copied.rename(folder)
    shutil.rmtree(aside)


def put_back(folder: Path) -> None:
    """Put a folder back that a year which was stopped had on a small disk.

    Args:
        folder: as `small_disk` got it.
    """
    aside, copied = _beside(folder)
    if not aside.exists():
        return
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)
    for left in (folder, copied):
        shutil.rmtree(left, ignore_errors=True)
    aside.rename(folder)


def _beside(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(f"{folder.name}-aside"), folder.with_name(f"{folder.name}-copied")
