"""Memory and disk that this machine has free."""

import shutil
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
"""Where a container finds its own limits (version 2, and the folder of version 1 below it)."""
LIMITS = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


@dataclass(frozen=True)
class Machine:
    """What a training could use at this moment.

    Attributes:
        threads: cores, as the configuration and the system allow.
        memory_mb: free memory in MiB, within the limit of a container; None where the system does
            not say.
        disk_mb: free disk in MiB where runs are kept.
    """

    threads: int
    memory_mb: float | None
    disk_mb: float


def this_machine(threads: int, runs: Path) -> Machine:
    """Look at this machine.

    Args:
        threads: cores that a training may use.
        runs: folder of runs, which need not be there yet.
    """
    return Machine(threads, _free_memory(), round(_free_disk(runs), 1))


def _free_memory() -> float | None:
    """Free memory in MiB: what the system could give, and the container may still take."""
    found = [_available(), *(_left_to_container(*names) for names in LIMITS)]
    known = [size for size in found if size is not None]
    return round(min(known) / MIB, 1) if known else None


def _available() -> int | None:
    """Bytes that the system can give without swapping."""
    try:
        lines = MEMINFO.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _left_to_container(limit: str, used: str) -> int | None:
    """Bytes that a container may still take; None without a limit."""
    try:
        most, taken = (CGROUP / limit).read_text(), (CGROUP / used).read_text()
        return max(int(most) - int(taken), 0)
    except (OSError, ValueError):  # not there, or "max"
        return None


def _free_disk(folder: Path) -> float:
    """Free MiB where a folder stands, or will."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free / MIB
