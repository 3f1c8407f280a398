"""One `fusion run` as a process, whose memory is read while it works."""

import json
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.scale.growing.figures import RunFigures, StageFigures, by_kind
from fusion.planning.kinds import OUTSIDE_STEPS

SOURCES = ("popularity", "als", "item_knn", "user_knn", "sequence", "category", "content")
CONFIG = """\
[data]
interactions = "ratings.parquet"
items = "items.parquet"
positive = "weight >= 4"
[data.columns]
user = "user"
item = "item"
time = "time"
weight = "rating"
[data.item_features]
text = ["title"]
category = ["genres"]
[tune]
trials = {trials}
prune = false
[log]
format = "json"
"""
LOOK = 0.05
"""Seconds between two looks at the memory of the process."""
LOOK_AT_DISK = 2.0
"""Seconds between two looks at its files."""
PARTS = {"store": "runs/store", "run": "runs/2*", "database": "fusion.db*"}
"""What a run leaves in its folder."""


def configure(folder: Path, sources: tuple[str, ...], trials: int) -> None:
    """Write the configuration of a run.

    Args:
        folder: with the data.
        sources: names of recommenders.
        trials: settings that tuning tries of each; 0 tunes nothing.
    """
    parts = [f'[[sources]]\nname = "{name}"\n' for name in sources]
    (folder / "fusion.toml").write_text(CONFIG.format(trials=trials) + "".join(parts))


def watched_run(folder: Path) -> RunFigures:
    """Run the configuration of a folder, and return what it took.

    Args:
        folder: with data and configuration.
    """
    command = [sys.executable, "-m", "flows.cli", "run", "--json"]
    looks: list[tuple[float, float]] = []
    started = looked = time.monotonic()
    most_disk = 0.0
    with (folder / "run.log").open("w") as log, (folder / "run.json").open("w") as answer:
        process = subprocess.Popen(command, cwd=folder, stdout=answer, stderr=log)
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            looks.append((time.time(), _resident_mb(process.pid)))
            if time.monotonic() - looked > LOOK_AT_DISK:
                most_disk = max(most_disk, sum(_disk_mb(folder).values()))
                looked = time.monotonic()
            time.sleep(LOOK)
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    newest = max((folder / "runs").glob("2*"))
    data = json.loads((newest / "manifest.json").read_text())["data"]
    stages = by_kind(_steps(folder / "run.log", looks))
    profile = json.loads((folder / "run.json").read_text())["profile"]
    cpu_seconds = used.ru_utime + used.ru_stime
    # Imports, and what a turn does between its steps.
    stages[OUTSIDE_STEPS] = StageFigures(
        steps=1,
        seconds=round(seconds - profile["seconds"] + profile["outside_seconds"], 2),
        cpu_seconds=round(cpu_seconds - sum(each.cpu_seconds for each in stages.values()), 2),
        peak_mb=0.0,
    )
    return RunFigures(
        events=data["interactions"],
        users=data["users"],
        items=data["items"],
        exit_code=process.returncode,
        seconds=round(seconds, 1),
        cpu_seconds=round(cpu_seconds, 1),
        peak_mb=round(used.ru_maxrss / 1024, 1),
        disk_mb=_disk_mb(folder),
        most_disk_mb=round(max(most_disk, sum(_disk_mb(folder).values())), 1),
        stages=stages,
    )


def _resident_mb(pid: int) -> float:
    """Resident memory of a process in MiB; 0 once it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _steps(log: Path, looks: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """Steps of a log of JSON lines, each with the largest memory while it ran."""
    steps = []
    for line in log.read_text().splitlines():
        told = json.loads(line)
        if "stage" not in told or "cpu_seconds" not in told:
            continue
        ended = datetime.fromisoformat(told["at"]).timestamp()
        began = ended - told["seconds"]
        peak = max((mb for at, mb in looks if began <= at <= ended), default=0.0)
        took = {key: told[key] for key in ("seconds", "cpu_seconds")}
        steps.append({"name": told["stage"], **took, "peak_mb": round(peak, 1)})
    return steps


def _disk_mb(folder: Path) -> dict[str, float]:
    """Size of what the run has left so far, in MiB, by part."""
    sizes = {}
    for part, pattern in PARTS.items():
        places = folder.glob(pattern)
        files = [file for place in places for file in (place, *place.rglob("*"))]
        sizes[part] = round(sum(map(_size, files)) / 2**20, 1)
    return sizes


def _size(file: Path) -> int:
    """Bytes of a file; 0 of a folder, and of what was taken away meanwhile."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0
