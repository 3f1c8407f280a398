"""Print which planted faults are found, on several seeds, and by what.

Each fault of data is planted in a copy of its own of what a steady shop has written a week after
it was watched first; found means that the next watch raises an alarm that names the cause. Each
fault of a source or a ranker is planted in a weekly run of a small world (`served`); found means
that the run is refused or raises an alert. A change of taste is planted last.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.watching import served
from benchmarks.watching.data_faults import FAULTS, NOW, Fault, another_taste
from benchmarks.watching.plants import PLANTS
from benchmarks.watching.watched_shop import Watching, small_world, until

TASTE = Fault(another_taste(0.3), "taste")
"""What 30 % of the people choose is another's."""
PLANTED = {**FAULTS, "taste of 30 % of users": TASTE}
WORLD = served.Size(users=700, items=400, events=40_000)
"""Of the runs in which sources and rankers are broken."""


def found_by_watches(seed: int, users: int) -> dict[str, list[str]]:
    """Plant every fault of data in a copy of a shop.

    Args:
        seed: of the shop.
        users: on a usual day.

    Returns:
        Causes that the next watch raised, by fault.
    """
    shop = Watching.begin(small_world(seed, users=users))
    raised = {}
    for name, fault in PLANTED.items():
        watched = shop.next(fault.plant(until(shop.world, NOW)))
        raised[name] = [alarm.cause.code for alarm in watched.alarms]
    healthy = [alarm.cause.code for alarm in shop.next().alarms]
    print(f"seed {seed}: a healthy week raised {', '.join(healthy) or 'nothing'}", flush=True)
    return raised


def found_by_runs(seed: int) -> dict[str, list[str]]:
    """Plant every fault of sources and rankers in a run of a world.

    Args:
        seed: of the world.

    Returns:
        Refusals and alerts, by fault.
    """
    with TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        served.make_world(world, WORLD, seed)
        for week in range(served.HEALTHY_RUNS):
            served.run_week(world, served.FIRST_WEEK + week)
        return served.watch_world(world, Path(folder))


def main() -> None:
    """Print a row for each fault: its cause, and what each seed raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--users", type=int, default=250, help="of a shop, on a usual day")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    watches = {seed: found_by_watches(seed, options.users) for seed in seeds}
    runs = {seed: found_by_runs(seed) for seed in seeds}
    print("\n| planted | cause | " + " | ".join(f"seed {seed}" for seed in seeds) + " |")
    print("| --- | --- |" + " --- |" * len(seeds))
    found = dict.fromkeys(seeds, 0)
    for name, fault in PLANTED.items():
        cells = [", ".join(watches[seed][name]) or "nothing" for seed in seeds]
        print(f"| {name} | `{fault.cause}` | " + " | ".join(cells) + " |")
        for seed in seeds:
            found[seed] += fault.cause in watches[seed][name]
    for name in PLANTS:
        cells = [", ".join(runs[seed][name]) or "nothing" for seed in seeds]
        print(f"| {name} | a run | " + " | ".join(cells) + " |")
        for seed in seeds:
            found[seed] += bool(runs[seed][name])
    shares = [f"{found[seed]} of {len(PLANTED) + len(PLANTS)}" for seed in seeds]
    print("\nfound: " + ", ".join(shares))


if __name__ == "__main__":
    main()
