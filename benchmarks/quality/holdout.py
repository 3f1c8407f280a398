"""The command line from outside.

Hold out each user's last rating, run it on the rest, judge what SQL then shows.

    python -m benchmarks.quality.holdout FOLDER --ratings ratings.csv --items movies.csv

Runs `fusion init`, `check` and `run` in FOLDER as a new user would, reads the lists from the view,
checks that they are whole, unseen and unique, and prints NDCG@10 beside each source fitted on the
same interactions and judged the same way.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.holds import Held, judge
from benchmarks.quality.pooling import FIRST, pooled, table
from benchmarks.quality.quality import source_lists
from flows.settings import read_config
from fusion.config import SourceSettings
from fusion.ingest.load import load

VIEW = "select user_id, rank, item_id from current_recommendations where placement = 'default'"


def prepare(folder: Path, ratings: Path, items: Path) -> pl.DataFrame:
    """Write the interactions without each user's last one; gives those held out."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = pl.read_csv(ratings).with_row_index("row").sort("timestamp", "row", maintain_order=True)
    last = frame.group_by("userId", maintain_order=True).last()
    frame.join(last, on="row", how="anti").sort("row").drop("row").write_csv(folder / "ratings.csv")
    (folder / "movies.csv").write_bytes(items.read_bytes())
    return last


def fusion(folder: Path, *words: str) -> str:
    """Run a verb in the folder and give its stdout.

    Its exit code must be 0 or 4 (published with an alert).
    """
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"fusion {' '.join(words)}: exit {done.returncode}", flush=True)
    if done.returncode not in (0, 4):
        sys.exit(done.stderr[-2000:])
    return done.stdout


def main() -> None:
    """Prepare, run, judge, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ratings", type=Path, required=True)
    parser.add_argument("--items", type=Path, required=True)
    given = parser.parse_args()
    last = prepare(given.folder, given.ratings, given.items)
    fusion(given.folder, "init", "ratings.csv", "--items", "movies.csv", "--force")
    fusion(given.folder, "check")
    fusion(given.folder, "run", "--json")
    config = read_config(given.folder / "fusion.toml")
    data = load(config.data, given.folder).dataset
    users, items = data.user_ids.rows(last["userId"]), data.item_ids.rows(last["movieId"])
    known = (users >= 0) & (items >= 0)
    order = np.argsort(users[known], kind="stable")
    held = Held(data, data.last_times + 1, users[known][order], items[known][order])
    with sqlite3.connect(given.folder / "fusion.db") as database:
        shown = pl.read_database(VIEW, database)
    lists = published(held, shown, config.lists.size)
    values = {FIRST: judge(held, lists)}
    newest = max((given.folder / "runs").glob("2*"))
    manifest = json.loads((newest / "manifest.json").read_text())
    print(
        f"method {manifest['method']}; inside, on its own verdict: "
        f"{manifest['verdict']['reported']['value']:.4f}"
    )
    tuned = {one["name"]: one["settings"] for one in manifest["tuned"]}
    configured = {source.name: source for source in config.sources}
    for report in manifest["sources"]:
        if report["status"] == "used":
            source = configured.get(report["name"]) or SourceSettings(name=report["name"])
            steps, settings = (
                report["notes"].get("steps"),
                source.settings | tuned.get(source.name, {}),
            )
            values[source.name] = judge(
                held, source_lists(held, source, settings, steps, config.core)
            )
    print(table(pooled([values], [held.users.astype(np.int64)], 7), {}))


def published(held: Held, shown: pl.DataFrame, size: int) -> np.ndarray:
    """Return lists (n, size) of the held-out users from the view.

    First all users' lists are seen to keep the contract.
    """
    data = held.known
    rows, items = data.user_ids.rows(shown["user_id"]), data.item_ids.rows(shown["item_id"])
    lists = np.full((data.n_users, size), -1, np.int32)
    lists[rows, shown["rank"].to_numpy() - 1] = items
    pairs = rows.astype(np.int64) * data.n_items + items
    met = np.isin(pairs, data.users.astype(np.int64) * data.n_items + data.items)
    whole = (lists[data.user_counts > 0] >= 0).all(axis=1)
    print(
        f"{whole.sum()} of {len(whole)} users have {size} items; {met.sum()} seen; "
        f"{len(pairs) - len(set(pairs))} twice"
    )
    return lists[held.users]


if __name__ == "__main__":
    main()
