"""Lists of the whole catalogue, with a ranker that learned new items and with one that did not.

    python -m benchmarks.quality.new_items --interactions ratings.csv --items movies.csv --folds 1,2

The hold-outs of `quality`, made before anything is trained. Each fold is trained twice, on the same
interactions, with the same sources and the same seed: `now` is the product as it is, `before` has
label folds and candidates as if new items did not matter. No settings are searched and no source is
left out, so that nothing else differs. NDCG@10 and recall@20 of the published lists, over users;
intervals are paired. `new` is which share of the first ten places is held by items that nobody had
taken.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import polars as pl

from benchmarks.quality.holds import Held
from benchmarks.quality.pooling import pooled
from benchmarks.quality.quality import hold, read
from fusion.api import fit_fusion
from fusion.config import CoreConfig
from fusion.core.arrays import Scores
from fusion.metrics.ranking import hits_of, per_user
from fusion.runs.run_folder import ListsFolder
from fusion.training import pipeline

ARMS = ("before", "now")
DEPTH = 20
FIGURES = ("ndcg@10", "recall@20")


@dataclass(frozen=True)
class Judged:
    """What an arm of a fold came to.

    Attributes:
        values: (n,) of the judged users, by figure.
        new: share of the first ten places that new items hold.
        seconds: of CPU.
    """

    values: dict[str, Scores]
    new: float
    seconds: float


def train(held: Held, config: CoreConfig, arm: str) -> Judged:
    """Train one arm on what is known, and judge what it publishes."""
    began = time.process_time()
    with TemporaryDirectory(prefix="new-items-") as folder:
        if arm == "before":
            with patch.object(pipeline, "learn_new_items", lambda context, rules: context):
                fused = fit_fusion(held.known, config, Path(folder))
        else:
            fused = fit_fusion(held.known, config, Path(folder))
        rows = pl.read_parquet(ListsFolder(fused.trained.lists).lists)
    lists = np.full((held.known.n_users, DEPTH), -1, np.int32)
    rows = rows.filter(pl.col("rank") <= DEPTH)
    lists[rows["user"].to_numpy(), rows["rank"].to_numpy() - 1] = rows["item"].to_numpy()
    hits = hits_of(lists[held.users], held.users, held.label_users, held.label_items)
    found = {**per_user(*hits, 10), **per_user(*hits, DEPTH)}
    first_ten = rows.filter(pl.col("rank") <= 10)["item"].to_numpy()
    new = float((held.known.item_counts[first_ten] == 0).mean())
    return Judged({name: found[name] for name in FIGURES}, new, time.process_time() - began)


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--interactions", required=True, help="CSV or Parquet file")
    parser.add_argument("--items", help="file that describes the items")
    parser.add_argument("--data", default="{}", help="[data] settings as JSON, over the guess")
    parser.add_argument("--hold", choices=["last", "time"], default="last")
    parser.add_argument("--days", type=int, default=28, help="length of a window with --hold time")
    parser.add_argument("--folds", default="1", help="nested hold-outs, such as 1,2,3")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sources", help="names, such as ease,content; else the default set")
    parser.set_defaults(generate=None)
    return parser.parse_args()


def main() -> None:
    """Hold out, train both arms, judge, pool, print."""
    given = options()
    data = read(given, given.seed)
    shaped = {} if given.hold == "time" else {"split": {"kind": given.hold}}
    fixed = {"tune": {"trials": 0, "prune": False}, "lists": {"size": DEPTH, "reserve": 0}}
    names = given.sources.split(",") if given.sources else []
    sources = {"sources": [{"name": name} for name in names]}
    config = CoreConfig(**{"seed": given.seed, **shaped, **fixed, **sources})
    folds: dict[str, list[dict[str, Scores]]] = {name: [] for name in FIGURES}
    users = []
    for n in (int(text) for text in given.folds.split(",")):
        held = hold(data, given, n, given.seed)
        judged = {arm: train(held, config, arm) for arm in ARMS}
        users.append(held.users.astype(np.int64))
        for name in FIGURES:
            folds[name].append({arm: one.values[name] for arm, one in judged.items()})
        for arm, one in judged.items():
            told = ", ".join(f"{name} {mine.mean():.4f}" for name, mine in one.values.items())
            print(
                f"fold {n} {arm:6}: {told}; new {one.new:.2%}; {one.seconds:.0f} CPU s", flush=True
            )
    for name in FIGURES:
        rows = pooled(folds[name], users, given.seed, "now")["rows"]
        gap = rows["before"]["gap"]
        print(
            f"{name}: before {rows['before']['value']:.4f}, now {rows['now']['value']:.4f}, "
            f"now less before {gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]"
        )


if __name__ == "__main__":
    main()
