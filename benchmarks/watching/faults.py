"""Print which planted faults of data the next watch finds, on several seeds, and by which cause.

Each fault is planted in a copy of its own of what a steady shop has written a week after it was
watched first. Found means an alarm that names the cause; a change of taste is planted last.
"""

import argparse

from benchmarks.watching.data_faults import FAULTS, NOW, Fault, another_taste
from benchmarks.watching.watched_shop import Watching, small_world, until

TASTE = Fault(another_taste(0.3), "taste")
"""What 30 % of the people choose is another's."""


def main() -> None:
    """Print a row for each fault: its cause, and what each seed raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--users", type=int, default=250, help="on a usual day")
    options = parser.parse_args()
    seeds = range(1, options.seeds + 1)
    shops = {seed: Watching.begin(small_world(seed, users=options.users)) for seed in seeds}
    found = dict.fromkeys(seeds, 0)
    planted = {**FAULTS, "taste of 30 % of users": TASTE}
    print("| planted | cause | " + " | ".join(f"seed {seed}" for seed in seeds) + " |")
    print("| --- | --- |" + " --- |" * len(seeds))
    for name, fault in planted.items():
        cells = []
        for seed, shop in shops.items():
            watched = shop.next(fault.plant(until(shop.world, NOW)))
            codes = [alarm.cause.code for alarm in watched.alarms]
            found[seed] += fault.cause in codes
            cells.append(", ".join(codes) or "nothing")
        print(f"| {name} | `{fault.cause}` | " + " | ".join(cells) + " |", flush=True)
    for seed, shop in shops.items():
        quiet = shop.next()
        share = f"{found[seed]} of {len(planted)} found"
        print(f"seed {seed}: {share}, {len(quiet.alarms)} alarms of a healthy week")


if __name__ == "__main__":
    main()
