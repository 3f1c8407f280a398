"""What stands on disk and in SQL after a night, and how much of it."""

import os
import resource
from pathlib import Path

from sqlalchemy import Engine, text

from fusion.runs.cleanup import run_folders, size, stages

TABLES = (
    "run",
    "recommendation",
    "served_user",
    "fallback",
    "explained_user",
    "user_history",
    "metric",
    "slot_move",
    "watch",
    "watch_figure",
    "realised",
    "alert",
    "diagnosis",
    "decision",
    "lease",
)
KEPT = ("run", "metric", "decision", "slot_move", "watch", "watch_figure", "realised", "alert")
"""Tables whose rows outlast their run."""


def disk(runs: Path) -> dict[str, int]:
    """Return the bytes of files by place.

    Args:
        runs: the folder of runs.
    """
    folders = sum(map(size, run_folders(runs).values()))
    parts = {name: size(runs / name) for name in ("store", "watch", "workspace")}
    everything = size(runs)
    return {
        "runs": folders,
        **parts,
        "other files": everything - folders - sum(parts.values()),
    }


def counts(engine: Engine, runs: Path) -> dict[str, int]:
    """Return the rows of each table, and how many stages and run folders there are.

    Args:
        engine: of a reader.
        runs: the folder of runs.
    """
    with engine.connect() as connection:
        rows = {
            table: int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
            for table in TABLES
        }
    return {**rows, "stages": len(stages(runs)), "run folders": len(run_folders(runs))}


def process() -> dict[str, float]:
    """Return the memory of this process in MiB, and how many files it holds open."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory": pages * resource.getpagesize() / 2**20,
        "open files": len(os.listdir("/proc/self/fd")),
    }
