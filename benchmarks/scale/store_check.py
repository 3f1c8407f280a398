"""Seconds of `fusion check --store` over a store of stages of a given size.

    python -m benchmarks.scale.store_check FOLDER [--gigabytes 2]

Stages are as the store makes them, of random bytes: fits of 100 MB and tables of 20 MB. Prints the
wall seconds and the CPU seconds of the command, a process of its own, start-up included. The files
were just written, so that most of them are in the memory of the operating system.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from fusion.runs.stages.store import Store

CONFIG = """\
[data]
interactions = "interactions.csv"
[data.columns]
user = "user"
item = "item"
"""
STAGES = {"fit": ("state.npz", 100 * 10**6), "table": ("table.parquet", 20 * 10**6)}
"""By name of the stage its largest file, and the bytes of it."""
PIECE = 10**6
"""Random bytes that are written at a time."""


def writer(name: str, size: int) -> Callable[[Path], None]:
    """Return what makes a stage of one large file and a small one."""

    def make(folder: Path) -> None:
        with (folder / name).open("wb") as file:
            for _ in range(size // PIECE):
                file.write(os.urandom(PIECE))
        (folder / "notes.json").write_text("{}")

    return make


def fill(store: Store, size: int) -> int:
    """Make stages in turn until they have so many bytes; return how many there are."""
    written, number = 0, 0
    while written < size:
        for stage, (name, each) in STAGES.items():
            store.stage(stage, {"number": number}, writer(name, each))
            written += each
            number += 1
    return number


def main() -> None:
    """Make the store, check it, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "fusion.toml").write_text(CONFIG)
    number = fill(Store(given.folder / "runs" / "store"), int(given.gigabytes * 10**9))
    command = [sys.executable, "-m", "flows.cli", "check", "--store", "--json"]
    started = time.monotonic()
    done = subprocess.run(command, cwd=given.folder, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    findings = json.loads(done.stdout)["findings"]
    print(f"{number} stages of {given.gigabytes:g} GB: exit {done.returncode}, {findings=}")
    print(f"{seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} CPU seconds")


if __name__ == "__main__":
    main()
