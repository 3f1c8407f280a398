"""Records of the holders of a folder's lock: a file each, which says to everybody who holds it."""

import fcntl
import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

PLACE = ".lock"
"""Folder of the records, within the folder that they lock."""
RECORD_BYTES = 1024
"""Size of a record, padded with spaces: a sign of life is written over the one before."""


@dataclass(frozen=True)
class Holder:
    """A process that holds the lock of a folder, or held it.

    Attributes:
        host: name of its machine or container.
        pid: its number there.
        kernel: id of the running kernel, which containers of one machine share.
        work: what it does, for people.
        started: ISO time at which it took the lock, by its own clock.
        heartbeat: ISO time of its last sign of life, by its own clock.
        ended: ISO time at which it let go; None before.
    """

    host: str
    pid: int
    kernel: str
    work: str
    started: str
    heartbeat: str
    ended: str | None = None

    @classmethod
    def this_process(cls, work: str) -> Self:
        """Return a record of this process that begins now.

        Args:
            work: what it does.
        """
        now = utc_text()
        return cls(platform.node(), os.getpid(), kernel_id(), work, now, now)

    def __str__(self) -> str:
        since = f"since {self.started}, last sign of life {self.heartbeat}"
        return f"process {self.pid} on host {self.host} ({self.work}; {since})"


def utc_text() -> str:
    """Return this moment for a record, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def kernel_id() -> str:
    """Return an id of the running kernel; the host's name where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return platform.node()


def numbered(folder: Path) -> list[tuple[int, Path]]:
    """Return the records of a folder's lock with their numbers, the newest last.

    Args:
        folder: that is locked.
    """
    records = []
    for file in (folder / PLACE).glob("*.json"):
        if file.stem.isdecimal():
            records.append((int(file.stem), file))
    return sorted(records)


def record_file(folder: Path, number: int) -> Path:
    """Return the file of a record.

    Args:
        folder: that is locked.
        number: of the record.
    """
    return folder / PLACE / f"{number:08d}.json"


def write_holder(descriptor: int, holder: Holder) -> None:
    """Write a record over what its file holds.

    Args:
        descriptor: of the open file.
        holder: the record.

    Raises:
        OSError: the disk is full, broken or away.
    """
    content = json.dumps(asdict(holder)).encode()
    os.pwrite(descriptor, content.ljust(RECORD_BYTES), 0)
    os.fsync(descriptor)


def parse_holder(content: bytes) -> Holder | None:
    """Return the holder that a record names; None of one that is not written yet, or damaged.

    Args:
        content: of the file.
    """
    try:
        return Holder(**json.loads(content))
    except (ValueError, TypeError):
        return None


def kernel_lock(descriptor: int, mode: int) -> bool | None:
    """Try to lock an open file without waiting; the system drops the lock with the process.

    Args:
        descriptor: of the file.
        mode: `fcntl.LOCK_EX` or `fcntl.LOCK_SH`.

    Returns:
        Whether it is locked now; None where the file system has no locks.
    """
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
