"""The cost model of `fusion plan`: curves by stage, from a small run and pieces of larger ones.

    python -m benchmarks.scale.cost_model --run RUN --pieces SMALL LARGE [--write]

RUN is a folder of `benchmarks.scale.growth`, SMALL and LARGE are two of
`benchmarks.scale.growing.pieces`. What a whole small run took is what every run takes; loading,
fits and scoring grow as the pieces do. Prints what the model says of runs that were measured apart
from it (docs/benchmarks.md, Scale) beside what they took. `--write` puts the curves into the
product.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.scale.growing.figures import RunFigures
from benchmarks.scale.growing.pieces import FILE, USERS
from fusion import planning
from fusion.config import CoreConfig
from fusion.models.base.registry import known
from fusion.planning.curve import Curve
from fusion.planning.kinds import fit_kind
from fusion.planning.stage_curves import StageCurves
from fusion.planning.workload import Declared, Workload
from fusion.training.tuning.stage import searchable

MB_AN_EVENT = (2.82 * 1024 - 528) / 5e6
"""Memory by which a run grows with each event: that of the run on 5 million events over the small
one's."""
TARGET = Path(planning.__file__).parent / "measured.py"
HEAD = '''"""The curves of every kind of stage, as `benchmarks/scale/cost_model.py` wrote them.

A whole run on {run:,} generated ratings, and pieces of runs on {small:,} and {large:,}.
"""

from fusion.planning.curve import Curve
from fusion.planning.stage_curves import StageCurves
from fusion.planning.workload import Factors

FACTORS = Factors(folds=5, sources=6, trials=8, rows=600_000, listed=30)
"""Settings under which the stages were measured."""
'''
THREE = ("popularity", "als", "item_knn")
APART = (
    ("5 M events, 3 sources, tuned", Workload(5_000_000, 99_900, 49_924, 3, {}), THREE, 9.2, 2.82),
    ("MovieLens 1M, default sources", Workload(1_000_209, 6_040, 3_706, 3, {}), None, 4.4, 1.54),
    ("1 M events, default sources", Workload(1_000_000, 29_914, 14_949, 3, {}), None, 5.8, 2.48),
)
"""Runs of docs/benchmarks.md on two cores: sizes, sources, minutes, GiB."""


def curves(run: RunFigures, small: dict[str, Any], large: dict[str, Any]) -> dict[str, StageCurves]:
    """Return the curves of all stages.

    Args:
        run: a whole run.
        small: pieces of a larger size.
        large: pieces of the largest.
    """
    base = run.peak_mb - MB_AN_EVENT * run.events
    memory = Curve(round(base, 1), round(MB_AN_EVENT, 8))
    stages = {}
    for name, stage in run.stages.items():
        if not name.startswith("fit ") and stage.cpu_seconds >= 0.01:
            stages[name] = StageCurves("events", Curve(base=stage.cpu_seconds), memory)
    sizes = [pieces["load"]["events"] for pieces in (small, large)]
    for name in small.keys() - {"scores"}:
        costs = [pieces[name]["cpu_seconds"] for pieces in (small, large)]
        if name != "load":
            # On every fold, the earlier of which know less.
            costs = [
                cost * pieces["load"]["shares"]
                for cost, pieces in zip(costs, (small, large), strict=True)
            ]
        fitted = rounded(Curve.fitted((sizes[0], costs[0]), (sizes[1], costs[1])))
        stages["load" if name == "load" else fit_kind(name)] = StageCurves("events", fitted, memory)
    a_user = large["scores"]["cpu_seconds"] / USERS
    few_lists = run.stages["lists"].cpu_seconds - a_user * run.users
    lists = rounded(Curve(base=max(few_lists, 0.0), rate=a_user))
    stages["lists"] = StageCurves("users", lists, memory)
    labelled = large["load"]["labelled"] / USERS * large["scores"]["cpu_seconds"]
    few, many = run.users, large["load"]["users"]
    tables = Curve.fitted((few, run.stages["table of a fold"].cpu_seconds), (many, labelled))
    stages["table of a fold"] = StageCurves("users", rounded(tables), memory)
    rows = run.stages["load lists into SQL"].cpu_seconds / run.users
    stages["load lists into SQL"] = StageCurves("users", Curve(rate=round(rows, 6)), memory)
    return dict(sorted(stages.items()))


def rounded(curve: Curve) -> Curve:
    """Return a curve with no more digits than it was measured with."""
    return Curve(*(float(f"{value:.3g}") for value in (curve.base, curve.rate, curve.power)))


def disk(run: RunFigures, small: Path, large: Path, sizes: list[int]) -> dict[str, Curve]:
    """Return what a run leaves, in MiB by the interactions, by part.

    Args:
        run: a whole run.
        small: folder of pieces, with what the sources learned.
        large: the same of the largest.
        sizes: their interactions.
    """
    states = [
        5 * sum(file.stat().st_size for file in folder.glob("*.npz")) / 2**20
        for folder in (small, large)
    ]
    store = (states[1] - states[0]) / (sizes[1] - sizes[0])
    # Lists and their rows in SQL grow with the users: about 1 kB each.
    return {
        "store": rounded(Curve(run.disk_mb["store"], store)),
        "run": rounded(Curve(run.disk_mb["run"], 0.001 * run.users / run.events)),
        "database": rounded(Curve(run.disk_mb["database"], 0.001 * run.users / run.events)),
    }


def print_checks() -> None:
    """Print what the written model says of runs that were measured apart from it."""
    from fusion.planning.estimate import estimate_training  # noqa: PLC0415 - reads what is written

    print("| run | minutes predicted | measured | error | GiB predicted | measured | error |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, work, uses, minutes, gib in APART:
        named = uses or [source.use for source in CoreConfig().sources_for(has_times=True)]
        uses_of = {use: use for use in named}
        sized = Workload(work.events, work.users, work.items, work.folds, uses_of)
        sizes = (work.users, work.items, work.events)
        declared = {}
        for use in named:
            model = known()[use](known()[use].Config())
            needed = model.memory_bytes(*sizes) / 2**20
            declared[use] = Declared(float(model.fit_cost(*sizes)), needed, bool(searchable(model)))
        found = estimate_training(sized, CoreConfig(), 2, (), declared)
        took, peak = found.seconds / 60, found.peak_mb / 1024
        print(
            f"| {name} | {took:.1f} | {minutes} | {took / minutes - 1:+.0%} | {peak:.2f} | {gib} | "
            f"{peak / gib - 1:+.0%} |"
        )


def main() -> None:
    """Fit, write and check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--pieces", type=Path, nargs=2, required=True)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    run = RunFigures.read(given.run)
    small, large = (json.loads((folder / FILE).read_text()) for folder in given.pieces)
    sizes = [pieces["load"]["events"] for pieces in (small, large)]
    stages = curves(run, small, large)
    if given.write:
        rows = [f"    {name!r}: {stage!r},\n" for name, stage in stages.items()]
        parts = disk(run, given.pieces[0], given.pieces[1], sizes)
        body = HEAD.format(run=run.events, small=sizes[0], large=sizes[1])
        body += f"STAGES: dict[str, StageCurves] = {{\n{''.join(rows)}}}\n"
        body += f"DISK_MB: dict[str, Curve] = {parts!r}\n"
        TARGET.write_text(body)
    print_checks()


if __name__ == "__main__":
    main()
