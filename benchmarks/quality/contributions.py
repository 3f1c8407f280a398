"""What each source adds, and whether leaving out who does not pay is worth it.

    python -m benchmarks.quality.contributions --planted
    python -m benchmarks.quality.contributions --interactions ml-1m.csv --hold time

`--planted` trains the world of `benchmarks/quality/planted.py`: noise and copy should go, the
source that is right for a tenth of the users should stay. With `--interactions` the last
interaction of each user, or the last `--days`, is held out before anything is trained; then the
product is trained with `[tune] prune = true` and again with `false`, and the published lists are
judged on what was held out, paired user by user. `benchmarks/quality/sets.py` writes three such
sets; each is a call of its own.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from benchmarks.quality.holds import Held, hold_last, hold_random, hold_time, judge
from benchmarks.quality.planted import planted_interactions, planted_sources
from fusion.api import fit_fusion, from_frames
from fusion.config import CoreConfig
from fusion.data.dataset import Dataset
from fusion.ingest.guess.guess import guess
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from fusion.metrics.bootstrap import paired_gap
from fusion.training.pipeline import Trained
from fusion.training.sources import SourceReport


@dataclass(frozen=True)
class Outcome:
    """A training, judged outside.

    Attributes:
        sources: rows of the sources.
        seconds: of the training, wall clock.
        values: NDCG@10 (n,) of the published lists.
    """

    sources: Sequence[SourceReport]
    seconds: float
    values: np.ndarray


def train(held: Held, config: CoreConfig) -> Outcome:
    """Train on what is known, in an empty folder, and judge the published lists."""
    started = time.monotonic()
    with TemporaryDirectory(prefix="contributions-") as folder:
        trained = fit_fusion(held.known, config, Path(folder)).trained
        seconds = time.monotonic() - started
        lists = published(trained, held.known.n_users)
    return Outcome(trained.sources, seconds, judge(held, lists[held.users]))


def published(trained: Trained, n_users: int) -> np.ndarray:
    """Return the first ten places (n_users, 10) of every list."""
    frame = pl.read_parquet(trained.lists / "lists.parquet").filter(pl.col("rank") <= 10)
    lists = np.full((n_users, 10), -1, np.int32)
    lists[frame["user"].to_numpy(), frame["rank"].to_numpy() - 1] = frame["item"].to_numpy()
    return lists


def print_sources(sources: Sequence[SourceReport]) -> None:
    """Print what each source adds, most first."""
    print(f"{'source':18s} {'adds':>8s}  {'95 % interval':18s} {'asked':>7s} {'fits, s':>8s}")
    asked = [report for report in sources if report.contribution]
    for report in sorted(asked, key=lambda report: -report.contribution["value"]):
        row = report.contribution
        interval = f"{row['low']:+.4f} – {row['high']:+.4f}"
        state = "" if report.used else "left out"
        print(
            f"{report.name:18s} {row['value']:+8.4f}  {interval:18s} {row['margin']:7.4f} "
            f"{report.seconds:8.1f}  {state}".rstrip()
        )


def planted(seed: int) -> None:
    """Train the planted world."""
    frame = planted_interactions(n_users=1000, n_items=300, seed=seed)
    columns = {"user": "user", "item": "item", "time": "time"}
    data = from_frames(frame.drop("weight", "liked"), settings={"columns": columns})
    with planted_sources(data) as sources, TemporaryDirectory() as folder:
        entries = [{"name": source.name, "k": 20} for source in sources]
        config = CoreConfig(sources=entries, seed=seed, split={"kind": "last"})
        print_sources(fit_fusion(data, config, Path(folder)).trained.sources)


def read(given: argparse.Namespace) -> Dataset:
    """The data set named on the command line."""
    settings = guess(given.interactions, Path(), given.items).settings
    print(f"[data] {json.dumps(settings)}", flush=True)
    return load(DataSettings(**settings), Path()).dataset


def hold(data: Dataset, given: argparse.Namespace) -> Held:
    """The hold-out named on the command line."""
    if given.hold == "last":
        return hold_last(data, 1)
    if given.hold == "time":
        return hold_time(data, 1, given.days)
    return hold_random(data, 1, 0.1, given.seed)


def compare(given: argparse.Namespace) -> None:
    """Train with and without leaving sources out, and judge both on the same labels."""
    held = hold(read(given), given)
    split = {} if given.hold == "time" else {"split": {"kind": given.hold}}
    outcomes = {}
    for prune in (True, False):
        shaped = {"seed": given.seed, **split, **json.loads(given.config)}
        shaped["tune"] = {**shaped.get("tune", {}), "prune": prune}
        outcomes[prune] = train(held, CoreConfig(**shaped))
    with_prune, without = outcomes[True], outcomes[False]
    print_sources(with_prune.sources)
    gap = paired_gap(with_prune.values, without.values, given.seed)
    print(
        f"published lists of {len(held.users)} users: {with_prune.values.mean():.4f} in "
        f"{with_prune.seconds:.0f} s, {without.values.mean():.4f} in {without.seconds:.0f} s "
        f"where all stay; difference {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
    )


def main() -> None:
    """Train, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--planted", action="store_true", help="the planted world")
    parser.add_argument("--interactions", help="CSV or Parquet file")
    parser.add_argument("--items", help="file that describes the items")
    parser.add_argument("--hold", choices=["last", "time", "random"], default="last")
    parser.add_argument("--days", type=int, default=28, help="length of a window, by time")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--config", default="{}", help="core configuration as JSON")
    given = parser.parse_args()
    if given.planted:
        planted(given.seed)
    if given.interactions:
        compare(given)


if __name__ == "__main__":
    main()
