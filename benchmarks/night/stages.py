"""Print what nights of a small shop make and what they take from the store, with their seconds.

    python -m benchmarks.night.stages

A run is trained as of each night, one day after the other. The store is that of a training: what
stands there under the same key is not made again.
"""

import argparse
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.watching.watched_shop import at
from benchmarks.watching.worlds import Shop, make_world
from fusion.api import fit_fusion
from fusion.config import CoreConfig
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings

FIRST_WEEK = 30
"""Weeks of history before the first night."""
COLUMNS = {"user": "user", "item": "item", "time": "time", "weight": "rating"}
PLACE = {"url": "frame", "query": "events"}
"""A frame takes the place of a table."""


def stages(store: Path) -> set[str]:
    """Return what stands in a store, as `<name>/<key>`.

    Args:
        store: its folder.
    """
    folders = {path for path in store.glob("*/*") if path.is_dir()}
    return {f"{path.parent.name}/{path.name}" for path in folders}


def main() -> None:
    """Train night after night and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=250, help="on a usual day")
    parser.add_argument("--nights", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    days = 7 * FIRST_WEEK + given.nights + 1
    events = make_world(Shop(users=given.users, days=days, seed=given.seed)).events
    settings = DataSettings(interactions=PLACE, columns=COLUMNS)
    config = CoreConfig(threads=1, device="cpu", split={"kind": "time", "window": 7, "users": 50})
    print(f"{len(events):,} events\n\n| night | seconds | made anew |\n| --- | --- | --- |")
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for night in range(given.nights):
            # Some hours into the day, as a schedule would.
            as_of = at(FIRST_WEEK) + timedelta(days=night, hours=3)
            data = load(settings, Path(), as_of, lambda _, name: events).dataset
            before, started = stages(root / "store"), time.perf_counter()
            fit_fusion(data, config, root)
            seconds = time.perf_counter() - started
            new = Counter(stage.split("/")[0] for stage in stages(root / "store") - before)
            made = ", ".join(f"{name} {count}" for name, count in sorted(new.items()))
            print(f"| {night + 1} | {seconds:.1f} | {made} |", flush=True)


if __name__ == "__main__":
    main()
