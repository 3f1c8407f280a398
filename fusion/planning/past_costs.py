"""What earlier runs of the same configuration took, by kind of step."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fusion.config import CoreConfig
from fusion.planning.kinds import kind_of
from fusion.planning.workload import Workload
from fusion.runs.manifest import Manifest

DECIDING = ("sources", "tune", "ranker", "split", "lists", "device")
"""Sections and keys of the configuration without which costs say nothing of another run."""
MIB = 2**20


@dataclass(frozen=True)
class PastCosts:
    """What one run took.

    Attributes:
        run_id: of the run.
        work: the sizes of its training.
        cpu_seconds: by kind of step.
        seconds: likewise, by the wall clock.
        peak_mb: largest memory of its process, in MiB.
        folder_mb: size of its run folder, in MiB.
    """

    run_id: str
    work: Workload
    cpu_seconds: Mapping[str, float]
    seconds: Mapping[str, float]
    peak_mb: float
    folder_mb: float


def past_costs(
    runs: Iterable[tuple[str, Manifest]], config: CoreConfig, work: Workload
) -> list[PastCosts]:
    """Return what runs took that were configured as the next one is.

    Args:
        runs: run ids and manifests, newest first; runs that failed may be among them.
        config: of the next run.
        work: of the next run, whose folds are taken for those of a run that does not tell its own.
    """
    wanted = config.model_dump(mode="json", include=set(DECIDING))
    return [
        _costs(run_id, manifest, work)
        for run_id, manifest in runs
        if manifest.steps and _is_alike(manifest, wanted)
    ]


def _is_alike(manifest: Manifest, wanted: Mapping[str, Any]) -> bool:
    """Return whether a run has sizes, and the settings that decide what it took."""
    data = manifest.data
    sized = data.interactions and data.users and data.items
    return bool(sized) and all(manifest.config.get(key) == wanted[key] for key in DECIDING)


def _costs(run_id: str, manifest: Manifest, work: Workload) -> PastCosts:
    cpu_seconds: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    for step in manifest.steps:
        kind = kind_of(step["name"])
        cpu_seconds[kind] += step["cpu_seconds"]
        seconds[kind] += step["seconds"]
    data = manifest.data
    return PastCosts(
        run_id=run_id,
        work=Workload(
            events=data.interactions or 0,
            users=data.users or 0,
            items=data.items or 0,
            folds=_label_folds(manifest) or work.folds,
            uses={row.name: row.use for row in manifest.sources if row.status == "used"},
        ),
        cpu_seconds=cpu_seconds,
        seconds=seconds,
        peak_mb=manifest.environment.peak_mb or 0,
        folder_mb=sum(int(file["bytes"]) for file in manifest.files.values()) / MIB,
    )


def _label_folds(manifest: Manifest) -> int:
    """Count the label folds on which a run fitted sources, by its steps."""
    names = {step["name"].rpartition(" on ")[2] for step in manifest.steps}
    return sum(name.startswith("label-") for name in names)
