"""Published lists of items that training never saw, beside lists of a training that knew them.

    python -m benchmarks.quality.cold_lists --movielens ml-latest-small

Items with fewer than five likes are left out, so that fits take seconds. A fifth of the others is
hidden (`cold_items`). Half of their likes, by hash, and a tenth of the likes of all other items
judge; both are in no training. Three trainings:

- `known` has the other half of the hidden items' likes;
- `before` has none of them, and label folds and candidates as if new items did not matter;
- `now` has none of them, and is the product as it is, but that new items matter whatever their
  share of the labels: without the rare items it is next to nothing.

Each makes its lists twice: under an allow list of the hidden items, as a placement for new arrivals
would, and of the whole catalogue. NDCG@10 with binary gain over the same users; `of known` is the
ratio to the training that knew the items. Intervals are paired, over users. No settings are
searched and no source is left out. The verdict's own NDCG@10 of the ranker stands beside: `before`
and `now` are judged by the same users there.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import polars as pl

from benchmarks.quality.cold.hidden import MIN_LIKES, hide
from benchmarks.quality.cold.worlds import movielens
from benchmarks.quality.pooling import pooled
from fusion.api import Fused, fit_fusion
from fusion.config import CoreConfig
from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.id_map import IdMap
from fusion.lists.business_rules.rules import RuleSet
from fusion.metrics.ranking import hits_of, ndcg
from fusion.runs.run_folder import ListsFolder
from fusion.training import pipeline
from fusion.training.new_items import as_if_new

SOURCES = ("popularity", "ease", "item_knn", "category", "content_map")
WORLDS = ("known", "before", "now")
PLACES = {"allow list of hidden items": True, "whole catalogue": False}
TESTED_HIDDEN, TESTED_OTHERS, SALT = 0.5, 0.1, 99
DEPTH = 10


def without_rare(data: Dataset) -> Dataset:
    """Leave out items with too few likes to be hidden, with their likes."""
    kept = data.item_counts >= MIN_LIKES
    ids, table = data.item_ids.values.filter(pl.Series(kept)), data.item_table.filter(kept)
    likes = data.take(kept[data.items])
    rows = (np.cumsum(kept) - 1).astype(np.int32)
    return replace(likes, items=rows[likes.items], item_ids=IdMap(ids), item_table=table)


@dataclass(frozen=True)
class Split:
    """Hidden items, and the likes that judge.

    Attributes:
        hidden: (I,) items hidden from trainings.
        known: what a training that knows them has.
        unknown: the same without any like of them.
        users: (L,) of the likes that judge, who have a history without the hidden items.
        items: (L,) of these likes.
    """

    hidden: Flags
    known: Dataset
    unknown: Dataset
    users: Rows
    items: Rows


def split(data: Dataset, seed: int) -> Split:
    """Hide items, and set likes aside."""
    hidden = np.zeros(data.n_items, bool)
    hidden[hide(data, seed).items] = True
    is_hidden = hidden[data.items]
    draws = shares(seed + SALT, data.users, data.items)
    judges = draws < np.where(is_hidden, TESTED_HIDDEN, TESTED_OTHERS)
    known, unknown = data.take(~judges), data.take(~judges & ~is_hidden)
    judges &= unknown.user_counts[data.users] > 0
    return Split(hidden, known, unknown, data.users[judges], data.items[judges])


def train(world: str, cut: Split, seed: int, root: Path, only_hidden: bool) -> Fused:
    """Train as one of the worlds, and make its lists."""
    config = CoreConfig.model_validate(
        {
            "seed": seed,
            "sources": [{"name": name} for name in SOURCES],
            "tune": {"trials": 0, "prune": False},
            "lists": {"size": DEPTH, "reserve": 0, "why_rows": 0},
        }
    )
    data = cut.known if world == "known" else cut.unknown
    ids = data.item_ids.texts(np.flatnonzero(cut.hidden)).to_list()
    rules = RuleSet.model_validate({"allow": [{"items": ids}]}) if only_hidden else None
    if world == "now":
        always = replace(as_if_new.DEFAULTS, min_label_share=0.0)
        with patch.object(as_if_new, "DEFAULTS", always):
            return fit_fusion(data, config, root, rules=rules)
    with patch.object(pipeline, "learn_new_items", lambda context, rules: context):
        return fit_fusion(data, config, root, rules=rules)


def judge(fused: Fused, users: Rows, items: Rows) -> Scores:
    """Return NDCG@10 (n,) of the published lists of all users with a like among these."""
    rows = pl.read_parquet(ListsFolder(fused.trained.lists).lists)
    rows = rows.filter(pl.col("rank") <= DEPTH)
    judging = np.unique(users)
    lists = np.full((fused.data.n_users, DEPTH), -1, np.int32)
    lists[rows["user"].to_numpy(), rows["rank"].to_numpy() - 1] = rows["item"].to_numpy()
    places, counts = hits_of(lists[judging], judging, users, items)
    values: Scores = ndcg(places, counts, DEPTH)
    return values


def main() -> None:
    """Print what each world's lists are worth."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--movielens", type=Path, required=True, help="ratings.csv and movies.csv")
    parser.add_argument("--seeds", default="1")
    given = parser.parse_args()
    data = without_rare(movielens(given.movielens))
    judged: dict[str, list[dict[str, Scores]]] = {name: [] for name in PLACES}
    users = {name: [] for name in PLACES}
    for seed in map(int, given.seeds.split(",")):
        cut = split(data, seed)
        of_hidden = cut.hidden[cut.items]
        values: dict[str, dict[str, Scores]] = {name: {} for name in PLACES}
        with TemporaryDirectory(prefix="cold-lists-") as root:
            for world in WORLDS:
                began = time.process_time()
                for name, only_hidden in PLACES.items():
                    fused = train(world, cut, seed, Path(root), only_hidden)
                    labels = of_hidden if only_hidden else np.ones(len(of_hidden), bool)
                    values[name][world] = judge(fused, cut.users[labels], cut.items[labels])
                print_world(world, fused, cut, time.process_time() - began)
        for name, only_hidden in PLACES.items():
            labels = of_hidden if only_hidden else np.ones(len(of_hidden), bool)
            judged[name].append(values[name])
            users[name].append(np.unique(cut.users[labels]).astype(np.int64))
    for name in PLACES:
        print_rows(name, pooled(judged[name], users[name], 0, "now")["rows"])


def print_world(world: str, fused: Fused, cut: Split, seconds: float) -> None:
    """Print what a training published of the whole catalogue, and what its verdict said."""
    listed = pl.read_parquet(ListsFolder(fused.trained.lists).lists)["item"].to_numpy()
    ranker = fused.verdict["rows"]["ranker"]["ndcg@10"]
    print(
        f"{world}: publishes {fused.trained.method}; its verdict on the ranker "
        f"{ranker['value']:.4f} [{ranker['low']:.4f}, {ranker['high']:.4f}]; hidden items hold "
        f"{cut.hidden[listed].mean():.1%} of places; {seconds:.0f} CPU s",
        flush=True,
    )


def print_rows(name: str, rows: dict) -> None:
    """Print the pooled rows of one kind of lists."""
    print(f"{name:28} NDCG@10  95 % interval     now less it                 of known")
    for world in WORLDS:
        row = rows[world]
        gap = row.get("gap")
        told = f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]" if gap else ""
        share = row["value"] / rows["known"]["value"]
        interval = f"{row['low']:.4f} - {row['high']:.4f}"
        print(f"{world:28} {row['value']:.4f}   {interval}   {told:27} {share:.2f}")


if __name__ == "__main__":
    main()
