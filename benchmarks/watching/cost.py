"""Print what a watch costs: seconds and peak memory of the process, the first watch apart.

A long log in Parquet (rows spread over two years, users and items by a Zipf law), then the rows of
another week. Each watch is a process of its own, as cron would start it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 728
CONFIG = """\
[data]
interactions = "events.parquet"
positive = "weight >= 4"
[data.columns]
time = "time"
weight = "weight"
"""


def write_events(file: Path, rows: int, new_rows: int) -> None:
    """Write a log whose last week holds `new_rows`."""
    rng = np.random.default_rng(1)
    n_users, n_items = max(rows // 145, 100), max(rows // 740, 100)
    week = 7 * 86_400
    old = rng.integers(0, DAYS * 86_400, rows)
    new = DAYS * 86_400 + rng.integers(0, week, new_rows)
    seconds = np.sort(np.concatenate([old, new])) + int(BEGIN.timestamp())
    frame = pl.DataFrame(
        {
            "user": np.minimum(rng.zipf(1.2, len(seconds)), n_users) * 7919 % n_users,
            "item": np.minimum(rng.zipf(1.1, len(seconds)), n_items),
            "time": seconds,
            "weight": rng.integers(1, 6, len(seconds)).astype(np.float32),
        }
    )
    frame.write_parquet(file, row_group_size=1_000_000)


def watch(folder: Path, as_of: datetime) -> tuple[float, float]:
    """Run `fusion watch` in a process of its own; returns its seconds and peak GiB."""
    words = [sys.executable, "-m", "flows.cli", "watch", "--as-of", as_of.isoformat(), "--json"]
    started = time.perf_counter()
    with (folder / "out").open("w") as out:
        process = subprocess.Popen(words, cwd=folder, stdout=out, stderr=out)
        _, status, used = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 4):
        raise SystemExit((folder / "out").read_text())
    return time.perf_counter() - started, used.ru_maxrss / 2**20


def main() -> None:
    """Print a row for the first watch, the next one, and the same once more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--new", type=int, default=200_000)
    options = parser.parse_args()
    end = BEGIN + timedelta(days=DAYS)
    moments = {"first": end, "a week later": end + timedelta(days=7)}
    moments["the same again"] = moments["a week later"]
    print("| watch | seconds | GiB |")
    print("| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "fusion.toml").write_text(CONFIG)
        write_events(folder / "events.parquet", options.rows, options.new)
        for label, moment in moments.items():
            seconds, peak = watch(folder, moment)
            print(f"| {label} | {seconds:.1f} | {peak:.2f} |", flush=True)


if __name__ == "__main__":
    main()
