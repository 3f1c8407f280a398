"""The year's log: a line of JSON for each night that is over."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE = "year.jsonl"


@dataclass
class Line:
    """A night that is over.

    Attributes:
        night: its number, from 0.
        day: its date, ISO.
        fault: that was planted; None on most nights.
        steps: the verbs, as `turns.Step` has them.
        live: the run that is live afterwards; None without one.
        trained: whether this night's run is live.
        reads: of the live lists meanwhile: whole, away, and wrong ones.
        served: what was wrong with the lists afterwards; "" where nothing was.
        disk: bytes by place.
        rows: by table; stages and run folders too.
        process: MiB of memory and open files of the process that does all nights.
        records: lines that the night left for whoever looks.
    """

    night: int
    day: str
    fault: str | None
    steps: list[dict[str, Any]]
    live: str | None
    trained: bool
    reads: dict[str, Any]
    served: str
    disk: dict[str, int]
    rows: dict[str, int]
    process: dict[str, float]
    records: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Seconds of all verbs."""
        return sum(float(step["seconds"]) for step in self.steps)


def read(folder: Path) -> list[Line]:
    """Return the nights that are over, in their order.

    A line that was written by half is taken away: its night comes again.

    Args:
        folder: of the year.
    """
    file = folder / FILE
    if not file.exists():
        return []
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(file, whole)
    return [Line(**json.loads(line)) for line in content[:whole].splitlines()]


def add(folder: Path, line: Line) -> None:
    """Write down that a night is over, through to the disk.

    Args:
        folder: of the year.
        line: of the night.
    """
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(line)) + "\n")
        file.flush()
        os.fsync(file.fileno())
