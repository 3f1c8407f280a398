"""Folders that are being made, which nobody takes for left behind while their process lives.

A draft is locked by the kernel, on a file beside it, as long as it is worked on: the lock ends with
the process, and is seen from other containers, whose process numbers mean nothing here, and over
network file systems that have locks. Where a file system has none, no draft is ever swept.
"""

import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fusion.core.durable import make_folder
from fusion.core.locks.record import kernel_lock

_DRAFT = re.compile(r"\..+\.d[0-9a-f]{12}")
_LOCK = ".lock"
_ASIDE = 0.01
"""Seconds until a sweep, which holds the lock for a look, has let it go."""


def draft_name(final: Path) -> Path:
    """Return a new name beside a folder, by which `sweep_drafts` knows a draft.

    Args:
        final: the folder.
    """
    return final.with_name(f".{final.name}.d{secrets.token_hex(6)}")


@contextmanager
def draft_beside(final: Path) -> Iterator[Path]:
    """Lock the name of a draft while the block makes it, and removes it or gives it its name.

    Args:
        final: the folder that it is to become; those above it are made.

    Yields:
        The name of a folder that is not there yet; what has it at the end goes.
    """
    make_folder(final.parent)
    draft, descriptor = _take(final)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        # Last: a draft without this file belongs to nobody.
        _lock_of(draft).unlink(missing_ok=True)
        os.close(descriptor)


def sweep_drafts(root: Path, pattern: str) -> int:
    """Remove drafts of processes that are gone.

    Args:
        root: folder to look in.
        pattern: of their names, below `root`.

    Returns:
        How many there were.
    """
    # A killed process may leave the file of a lock alone.
    names = {place.with_name(place.name.removesuffix(_LOCK)) for place in root.glob(pattern)}
    drafts = [name for name in sorted(names) if _DRAFT.fullmatch(name.name)]
    return sum(_sweep(draft) for draft in drafts)


def _take(final: Path) -> tuple[Path, int]:
    """Return the name of a draft, and the open file that holds its lock."""
    while True:
        draft = draft_name(final)
        lock = _lock_of(draft)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        while kernel_lock(descriptor, fcntl.LOCK_EX) is False:
            time.sleep(_ASIDE)
        # A sweep may have found the file before it was locked, and removed it.
        with suppress(FileNotFoundError):
            if os.path.samestat(lock.stat(), os.fstat(descriptor)):
                return draft, descriptor
        os.close(descriptor)


def _sweep(draft: Path) -> bool:
    """Remove a draft, and the file of its lock, if nobody works on it."""
    lock = _lock_of(draft)
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return _remove(draft)
    except OSError:  # somebody else's, who may live
        return False
    try:
        if not kernel_lock(descriptor, fcntl.LOCK_EX):
            return False
        was_there = _remove(draft)
        lock.unlink(missing_ok=True)
        return was_there
    finally:
        os.close(descriptor)


def _remove(draft: Path) -> bool:
    was_there = draft.is_dir()
    shutil.rmtree(draft, ignore_errors=True)
    return was_there


def _lock_of(draft: Path) -> Path:
    return draft.with_name(draft.name + _LOCK)
