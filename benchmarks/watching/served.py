"""Plant faults of what serves in small worlds, and print which are found, and by what.

    python -m benchmarks.watching.served --seeds 1,2,3

A world has two healthy weekly runs. Each fault then gets a copy of it, and one more weekly run in
which it is planted: found is a run that is refused, or an alert. A copy without a fault goes on for
some weeks, in which every alert is a false one.
"""

import argparse
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.quality.generate import DAY, START, interactions, write
from benchmarks.watching.plants import PLANTS, Plant, nothing
from flows.session import Session
from flows.steps.retrain.loop import Outcome, run_loop

FIRST_WEEK = 30
"""Weeks of history before the first run: enough for stable tastes."""
HEALTHY_RUNS = 2
"""Runs before a fault is planted: the second has one to be compared with."""
GROUPS = 12
"""Tastes of a world."""
CONFIG = """\
threads = 1

[data]
interactions = "interactions.parquet"

[data.columns]
user = "user"
item = "item"
time = "time"

[split]
kind = "time"
window = 7
folds = 2
users = 50

[tune]
trials = 0

[ranker]
seeds = 1

[gate]
users = 50

[retention]
prune = false
"""
SOURCES = ("popularity", "ease", "item_knn", "als", "neighbour_trend")


@dataclass(frozen=True)
class Size:
    """The size of a world."""

    users: int
    items: int
    events: int


def make_world(folder: Path, size: Size, seed: int) -> Path:
    """Write data and a configuration.

    Args:
        folder: where; made when it is not there.
        size: of the world.
        seed: of its draws.

    Returns:
        The configuration.
    """
    frame = interactions(size.users, size.items, size.events, seed, groups=GROUPS)
    write(folder, frame)
    entries = "".join(f'\n[[sources]]\nname = "{name}"\n' for name in SOURCES)
    config = folder / "fusion.toml"
    config.write_text(CONFIG + entries)
    return config


def run_week(folder: Path, week: int, plant: Plant = nothing) -> Outcome:
    """Run the loop as of a week.

    Args:
        folder: of the world.
        week: since its beginning.
        plant: the fault during this run.

    Returns:
        The outcome.
    """
    # A moment of the day that is no border of any window.
    as_of = datetime.fromtimestamp(START, UTC) + timedelta(seconds=week * 7 * DAY + 5 * 3600)
    session = Session.open(folder / "fusion.toml")
    try:
        with plant():
            return run_loop(session, as_of)
    finally:
        session.engine.dispose()


def noticed_by(outcome: Outcome) -> list[str]:
    """Return what noticed that something is wrong: refusals by their check, alerts by their code.

    Args:
        outcome: of a run.
    """
    refused = [f"refused: {reason.partition(':')[0]}" for reason in outcome.refusals]
    alerts = outcome.monitored.alerts if outcome.monitored else ()
    unmonitored = [f"not monitored: {outcome.monitor_error}"] if outcome.monitor_error else []
    return [*refused, *(f"{alert.name} ({alert.subject})" for alert in alerts), *unmonitored]


def watch_world(world: Path, scratch: Path) -> dict[str, list[str]]:
    """Plant every fault in a copy of a world.

    Args:
        world: with its healthy runs.
        scratch: where copies are made.

    Returns:
        What noticed each fault.
    """
    results = {}
    for number, (name, plant) in enumerate(PLANTS.items()):
        copy = shutil.copytree(world, scratch / str(number))
        results[name] = noticed_by(run_week(copy, FIRST_WEEK + HEALTHY_RUNS, plant))
        shutil.rmtree(copy)
        print(f"  {name}: {', '.join(results[name]) or 'NOT FOUND'}", flush=True)
    return results


def healthy_weeks(world: Path, weeks: int) -> Counter[str]:
    """Run a world for some more weeks without any fault.

    Args:
        world: with its healthy runs.
        weeks: to run.

    Returns:
        How often each alarm was raised.
    """
    alarms: Counter[str] = Counter()
    for week in range(weeks):
        noticed = noticed_by(run_week(world, FIRST_WEEK + HEALTHY_RUNS + week))
        alarms.update(noticed)
        print(f"  healthy week {week + 1}: {', '.join(noticed) or 'nothing'}", flush=True)
    return alarms


def main() -> None:
    """Make the worlds, plant the faults and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1,2,3", help="a world each")
    parser.add_argument("--users", type=int, default=700)
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--weeks", type=int, default=4, help="healthy weekly runs of each world")
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    tables, alarms, first = {}, Counter[str](), Counter[str]()
    for seed in seeds:
        print(f"seed {seed}", flush=True)
        with TemporaryDirectory() as folder:
            world, scratch = Path(folder) / "world", Path(folder)
            make_world(world, Size(given.users, given.items, given.events), seed)
            for week in range(HEALTHY_RUNS):
                first.update(noticed_by(run_week(world, FIRST_WEEK + week)))
            tables[seed] = watch_world(world, scratch)
            alarms += healthy_weeks(world, given.weeks)
    _print_table(tables)
    n_runs = (HEALTHY_RUNS + given.weeks) * len(seeds)
    false_alarms = alarms + first
    print(f"\n{n_runs} healthy runs: {false_alarms.total()} false alarms", dict(false_alarms))


def _print_table(tables: dict[int, dict[str, list[str]]]) -> None:
    """Print the faults with what noticed each, as Markdown."""
    print("\n| fault | found | by |\n| --- | --- | --- |")
    for name in PLANTS:
        of_seeds = [tables[seed][name] for seed in tables]
        noticed = Counter(cause for causes in of_seeds for cause in causes)
        by = ", ".join(f"{cause} {times}" for cause, times in noticed.items())
        n_noticed = sum(bool(causes) for causes in of_seeds)
        print(f"| {name} | {n_noticed} of {len(of_seeds)} | {by} |")


if __name__ == "__main__":
    main()
