"""Files and folders that keep their content when the power fails.

A rename may reach the disk before the bytes of what it renames: after a power loss a whole name
would stand for empty files. So everything is written through to the disk before it takes the name
under which it is found, and the rename itself after that.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CANNOT_SYNC_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM}
"""Errors of file systems that do not sync folders, such as some network shares."""


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each with its name written through to the disk.

    Args:
        folder: to make; nothing happens where it is there.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def rename_folder(draft: Path, final: Path) -> None:
    """Give a folder its name once every file in it is on the disk.

    Args:
        draft: the folder with all its files, which nobody writes to any more.
        final: its new name, in the same file system.

    Raises:
        OSError: `final` is there already, or the disk is full or broken.
    """
    sync_tree(draft)
    draft.rename(final)
    sync_folder(final.parent)


def replace_file(draft: Path, final: Path) -> None:
    """Put a file in the place of another once its bytes are on the disk.

    Args:
        draft: the written file, closed.
        final: its new name, in the same file system; what has that name is replaced.

    Raises:
        OSError: the disk is full or broken.
    """
    _sync(draft)
    draft.replace(final)
    sync_folder(final.parent)


@contextmanager
def replaced_by(draft: Path, final: Path) -> Iterator[None]:
    """Put the file that the block writes in the place of another, once it is whole.

    Nothing of it stays where that fails, as on a full disk.

    Args:
        draft: where the block writes.
        final: its new name, in the same file system; what has that name is replaced.

    Yields:
        Nothing.

    Raises:
        OSError: the disk is full or broken.
    """
    try:
        yield
        replace_file(draft, final)
    finally:
        draft.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Write a folder through to the disk, with every file and folder below it.

    Args:
        folder: to write through.

    Raises:
        OSError: the disk is full or broken.
    """
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            _sync(Path(place, name))
        sync_folder(Path(place))


def sync_folder(folder: Path) -> None:
    """Write the names in a folder through to the disk, where its file system does so at all.

    Args:
        folder: to write through.

    Raises:
        OSError: the disk is full or broken.
    """
    try:
        _sync(folder)
    except OSError as failed:
        if failed.errno not in CANNOT_SYNC_FOLDERS:
            raise


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
