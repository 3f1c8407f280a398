"""Executors side by side: a training by one thread, and by 1, 2 and 4 workers of Dask.

    python -m benchmarks.scale.growing.cluster FOLDER [--events 300000] [--workers 1 2 4]

Every run is of its own folder and store, over the same generated world. Lists are compared to the
bit. Of each kind of work that is handed out, the seconds are those in which some of it was under
way; the serial share is what is left of the whole run by one thread.
"""

import argparse
import json
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import polars as pl

from benchmarks.scale.growing.figures import FILE, RunFigures
from benchmarks.scale.growing.watched_run import configure, watched_run
from benchmarks.scale.growing.world import write_world

SEED = 7
TRIALS = 4
SOURCES = ("popularity", "als", "item_knn", "user_knn", "sequence", "category")
PARALLEL = {"fits": "fit .*", "tuning": "tune .*", "tables": "table of .*", "lists": "lists"}
"""Kinds of steps that other processes do, by the names of their steps."""


@dataclass(frozen=True)
class Measured:
    """A run by one executor.

    Attributes:
        name: of the executor and its workers.
        whole: wall-clock seconds of the run.
        kinds: wall-clock seconds in which a step of each kind of `PARALLEL` was under way.
        parallel: those in which one of any of these kinds was.
        digest: of all lists.
    """

    name: str
    whole: float
    kinds: dict[str, float]
    parallel: float
    digest: str


def measured(folder: Path, name: str, compute: str, events: int) -> Measured:
    """Measure a run, now or before.

    Args:
        folder: of all runs.
        name: of the executor.
        compute: its section of the configuration.
        events: of the world.
    """
    own = folder / name.replace(" ", "-")
    if not (own / FILE).exists():
        print(write_world(own, events, SEED), flush=True)
        configure(own, SOURCES, TRIALS)
        config = own / "fusion.toml"
        config.write_text(f"threads = 1\n{config.read_text()}\n[compute]\n{compute}\n")
        watched_run(own).write(own)
    log = own / "run.log"
    return Measured(
        name=name,
        whole=RunFigures.read(own).seconds,
        kinds={kind: seconds_of(log, names) for kind, names in PARALLEL.items()},
        parallel=seconds_of(log, "|".join(PARALLEL.values())),
        digest=lists_digest(own / "runs" / "store"),
    )


def seconds_of(log: Path, names: str) -> float:
    """Return the seconds in which at least one of some steps was under way.

    Args:
        log: of the run, as JSON lines.
        names: of the steps, as a pattern.
    """
    spans = []
    for line in log.read_text().splitlines():
        step = json.loads(line)
        if "cpu_seconds" in step and re.fullmatch(names, str(step.get("stage", ""))):
            ended = datetime.fromisoformat(step["at"]).timestamp()
            spans.append((ended - step["seconds"], ended))
    seconds, reached = 0.0, 0.0
    for began, ended in sorted(spans):
        seconds += max(0.0, ended - max(began, reached))
        reached = max(reached, ended)
    return seconds


def lists_digest(store: Path) -> str:
    """Return a hash over the content of all lists of the only run of a store.

    Args:
        store: of that run.
    """
    [file] = store.glob("lists/*/lists.parquet")
    return sha256(pl.read_parquet(file).write_csv().encode()).hexdigest()[:12]


def print_table(runs: list[Measured]) -> None:
    """Print a row a run, and whether the lists are the same.

    Args:
        runs: the first is the one by one thread.
    """
    first = runs[0]
    kinds = " | ".join(f"{kind}, s" for kind in PARALLEL)
    print(f"| executor | run, s | {kinds} | all of these, s | speed-up | of the run | lists |")
    print(f"| --- | ---: | {'---: | ' * len(PARALLEL)}---: | ---: | ---: | --- |")
    for run in runs:
        of_kinds = " | ".join(f"{seconds:.0f}" for seconds in run.kinds.values())
        print(
            f"| {run.name} | {run.whole:.0f} | {of_kinds} | {run.parallel:.0f} "
            f"| {first.parallel / run.parallel:.2f} | {first.whole / run.whole:.2f} "
            f"| {run.digest} |"
        )
    print(f"serial share of the run by one thread: {1 - first.parallel / first.whole:.2f}")
    same = len({run.digest for run in runs}) == 1
    print(f"lists are {'the same to the bit' if same else 'NOT the same'}")


def main() -> None:
    """Measure every executor, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    given = parser.parse_args()
    ways = {"local": 'executor = "local"'}
    for workers in given.workers:
        ways[f"dask {workers}"] = f'executor = "dask"\nworkers = {workers}'
    print_table([measured(given.folder, *way, given.events) for way in ways.items()])


if __name__ == "__main__":
    main()
