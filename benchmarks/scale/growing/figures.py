"""What a run took, by kind of stage, as a file that later tables read."""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fusion.planning.kinds import kind_of

FILE = "measured.json"


@dataclass(frozen=True)
class StageFigures:
    """What all steps of one kind took together.

    Attributes:
        steps: how many there were.
        seconds: wall-clock seconds.
        cpu_seconds: their shares of the process's CPU seconds.
        peak_mb: largest resident memory of the process while one of them ran, in MiB; 0 where all
            were over between two looks.
    """

    steps: int
    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True)
class RunFigures:
    """What a whole run took.

    Attributes:
        events: interactions that were trained on.
        users: with a history.
        items: with an interaction.
        exit_code: of `fusion run`.
        seconds: wall-clock seconds of the process.
        cpu_seconds: of all its threads.
        peak_mb: its largest memory, in MiB, as the operating system counts it.
        disk_mb: what stands in its folder afterwards beside the data, in MiB, by part: "store",
            "run" and "database".
        most_disk_mb: the most that stood there at once.
        stages: by kind.
    """

    events: int
    users: int
    items: int
    exit_code: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    disk_mb: dict[str, float]
    most_disk_mb: float
    stages: dict[str, StageFigures]

    def write(self, folder: Path) -> None:
        """Write them into the folder of the run.

        Args:
            folder: of the run.
        """
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, folder: Path) -> "RunFigures":
        """Read what was written.

        Args:
            folder: of the run.
        """
        stored: dict[str, Any] = json.loads((folder / FILE).read_text())
        stages = {name: StageFigures(**each) for name, each in stored.pop("stages").items()}
        return cls(**stored, stages=stages)


def by_kind(steps: list[dict[str, Any]]) -> dict[str, StageFigures]:
    """Sum steps by their kind.

    Args:
        steps: with `name`, `seconds`, `cpu_seconds`, and `peak_mb` of their own time.

    Returns:
        Kind -> what its steps took together, the dearest first.
    """
    kinds = defaultdict(list)
    for step in steps:
        kinds[kind_of(step["name"])].append(step)
    summed = {
        kind: StageFigures(
            len(mine),
            round(sum(step["seconds"] for step in mine), 2),
            round(sum(step["cpu_seconds"] for step in mine), 2),
            max(step["peak_mb"] for step in mine),
        )
        for kind, mine in kinds.items()
    }
    return dict(sorted(summed.items(), key=lambda each: -each[1].cpu_seconds))
