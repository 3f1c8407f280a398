"""What is tracked of a run, in plain values: no tool is known here, and no user."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fusion.runs.run_folder import RunFolder

CURVE = "curve"
"""Key of a source's notes, as neural sources write it."""


@dataclass(frozen=True)
class Point:
    """A metric.

    Attributes:
        name: with a slash between its parts.
        value: finite.
        step: of a training; 0 where there is none.
    """

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Experiment:
    """A run as experiments are kept.

    Attributes:
        run_id: its outside id.
        run_no: its number, by which runs stand in their order.
        placement: where the lists are shown.
        tags: status, method and the like.
        parameters: the configuration that decided it, by dotted key.
        metrics: verdict, costs and curves.
        table: rows of the verdict.
        files: to be kept with it.
    """

    run_id: str
    run_no: int
    placement: str
    tags: dict[str, str]
    parameters: dict[str, str]
    metrics: tuple[Point, ...]
    table: tuple[dict[str, Any], ...]
    files: tuple[Path, ...]


class Tool(Protocol):
    """Something that keeps experiments."""

    def write(self, experiment: Experiment) -> None:
        """Keep a run.

        Args:
            experiment: the run.
        """


def experiment_of(
    run_id: str, run_no: int, status: str, manifest: Mapping[str, Any], folder: RunFolder
) -> Experiment:
    """Collect what is tracked of a run.

    Args:
        run_id: its outside id.
        run_no: its number.
        status: such as "published" or "refused".
        manifest: of the run, as JSON.
        folder: of the run.

    Returns:
        Plain values. Its files are the manifest alone: lists and ids stay where they are.
    """
    data = manifest.get("data", {})
    tags = {
        "status": status,
        "method": str(manifest.get("method")),
        "as_of": str(manifest.get("as_of")),
        "data_hash": str(data.get("hash")),
        "code": str(manifest.get("environment", {}).get("code")),
    }
    verdict = manifest.get("verdict", {})
    points = [*_of_verdict(verdict), *_of_costs(manifest), *_of_curves(manifest)]
    return Experiment(
        run_id=run_id,
        run_no=run_no,
        placement=str(manifest.get("placement")),
        tags=tags,
        parameters=dict(_flat(manifest.get("config", {}))),
        metrics=tuple(points),
        table=tuple(_table(verdict)),
        files=(folder.manifest,),
    )


def _of_verdict(verdict: Mapping[str, Any]) -> Iterator[Point]:
    reported = verdict.get("reported", {}).get("value")
    if reported is not None:
        yield Point("reported/ndcg_at_10", reported)
    for row, metrics in verdict.get("rows", {}).items():
        for name, interval in metrics.items():
            # NaN stands where a metric has no value, and is none to a tool.
            if interval["value"] is not None and interval["value"] == interval["value"]:
                yield Point(f"{row}/{name.replace('@', '_at_')}", interval["value"])


def _of_costs(manifest: Mapping[str, Any]) -> Iterator[Point]:
    for step in manifest.get("steps", ()):
        yield Point(f"seconds/{step['name']}", step["seconds"])
        yield Point(f"peak_mb/{step['name']}", step["peak_mb"])


def _of_curves(manifest: Mapping[str, Any]) -> Iterator[Point]:
    """Return what checks of held-out events gained while neural sources were trained."""
    for source in manifest.get("sources", ()):
        for check in source.get("notes", {}).get(CURVE, "").split():
            step, _, gain = check.partition("=")
            yield Point(f"curve/{source['name']}", float(gain), int(step))


def _table(verdict: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row, metrics in verdict.get("rows", {}).items():
        for name, interval in metrics.items():
            bounds = {key: interval.get(key) for key in ("value", "low", "high")}
            chosen = row == verdict.get("chosen")
            yield {"row": row, "metric": name, **bounds, "chosen": chosen}


def _flat(config: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Iterate over settings by dotted key; lists of tables count from 0."""
    for key, value in config.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            numbered = {str(number): one for number, one in enumerate(value)}
            yield from _flat(numbered, f"{name}.")
        else:
            yield name, str(value)
