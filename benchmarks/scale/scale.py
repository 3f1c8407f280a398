"""Scale: `fusion run` on 100,000 users x 50,000 items with 5 million generated interactions.

All interactions are different.

    python -m benchmarks.scale.scale FOLDER [--users N --items N --events N]
        [--default-sources] [--plays]

Four sources take part, or with `--default-sources` all that a configuration without any has. With
`--plays` the data has no times but a count of plays for each pair, two fifths of them 1 and some in
the thousands, and shuffled rows. Prints wall seconds and peak memory of the whole process, as the
operating system counts them.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.generate import distinct_interactions, write

CONFIG = """\
[data]
interactions = "interactions.parquet"
[data.columns]
user = "user"
item = "item"
{third} = "{third}"
"""
SEED = 7
TAIL, MOST = 1.6, 20_000
"""Plays fall off by this power, and end there."""
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


def with_plays(frame: pl.DataFrame) -> pl.DataFrame:
    """The interactions in no order, without times, with plays."""
    plays = np.random.default_rng(SEED).zipf(TAIL, len(frame)).clip(max=MOST)
    return frame.drop("time").with_columns(weight=plays).sample(fraction=1, shuffle=True, seed=SEED)


def main() -> None:
    """Generate, run, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, value in (("users", 100_000), ("items", 50_000), ("events", 5_000_000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--default-sources", action="store_true")
    parser.add_argument("--plays", action="store_true")
    given = parser.parse_args()
    frame = distinct_interactions(given.users, given.items, given.events, SEED)
    write(given.folder, with_plays(frame) if given.plays else frame)
    config = CONFIG.format(third="weight" if given.plays else "time") + (
        "" if given.default_sources else SOURCES
    )
    (given.folder / "fusion.toml").write_text(config)
    print(
        f"{len(frame):,} interactions of {frame['user'].n_unique():,} users "
        f"with {frame['item'].n_unique():,} items"
    )
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
