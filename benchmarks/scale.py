"""Scale: `fusion run` on 100,000 users x 50,000 items with 5 million generated interactions, all of them different.

    python benchmarks/scale.py FOLDER [--users N --items N --events N] [--default-sources]

Four sources take part, or with `--default-sources` all that a configuration without any has. Prints wall seconds and
peak memory of the whole process, as the operating system counts them.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from generate import distinct_interactions, write

CONFIG = """\
[data]
interactions = "interactions.parquet"
[data.columns]
user = "user"
item = "item"
time = "time"
"""
SOURCES = """\
[[sources]]
name = "popularity"
[[sources]]
name = "als"
[[sources]]
name = "item_knn"
[[sources]]
name = "ease"
"""


def main() -> None:
    """Generate, run, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, value in (("users", 100_000), ("items", 50_000), ("events", 5_000_000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--default-sources", action="store_true")
    given = parser.parse_args()
    frame = distinct_interactions(given.users, given.items, given.events, seed=7)
    write(given.folder, frame)
    config = CONFIG if given.default_sources else CONFIG + SOURCES
    (given.folder / "fusion.toml").write_text(config)
    print(f"{len(frame):,} interactions of {frame['user'].n_unique():,} users with {frame['item'].n_unique():,} items")
    started = time.monotonic()
    command = [sys.executable, "-m", "flows.cli", "run", "--json"]
    done = subprocess.run(command, cwd=given.folder, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    (given.folder / "run.log").write_text(done.stderr)
    print(f"exit {done.returncode}, {seconds / 60:.1f} minutes, peak {peak:.2f} GiB")
    newest = max((given.folder / "runs").glob("2*"))
    manifest = json.loads((newest / "manifest.json").read_text())
    for source in manifest["sources"]:
        print(f"  {source['name']}: {source['status']}, {source['seconds']} s")
    slow = sorted(manifest["seconds"].items(), key=lambda step: -step[1])[:10]
    print("\n".join(f"  {name}: {seconds} s" for name, seconds in slow))


if __name__ == "__main__":
    main()
