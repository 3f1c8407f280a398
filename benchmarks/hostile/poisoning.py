"""Places that promoted items gain in genuine users' lists, with and without `[data] suspicious`.

    python -m benchmarks.hostile.poisoning --movielens ml-latest-small
    python -m benchmarks.hostile.poisoning --shop

Each user's last event is held out, bots are injected (`attacks`), and the product is trained with
quick sources, one label fold, a small ranker and without a search for settings. Counted are the
places that the promoted items hold in the first ten of each genuine user, less those on the same
data without bots: of each source alone, and of the published lists. NDCG@10 is of the held-out
items. Intervals are paired, over genuine users. Data that was trained on before is not trained on
again: where a treatment takes away the bots and nobody else, what is left is the data without bots,
to the bit.
"""

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np
import polars as pl

from benchmarks.hostile.attacks import ATTACKS, BOT, Campaign, inject
from benchmarks.hostile.worlds import dataset, generated, movielens
from benchmarks.quality.holds import Held
from benchmarks.quality.quality import source_lists
from fusion.api import fit_fusion
from fusion.config import CoreConfig
from fusion.core.arrays import Scores
from fusion.data.dataset import Dataset
from fusion.metrics.bootstrap import paired_gap
from fusion.runs.run_folder import ListsFolder

SOURCES = ("popularity", "als", "ease", "item_knn", "user_knn", "sequence", "category")
FUSED = "published"
DEPTH = 10
SHOP_SIZE = 600
"""Users of the generated shop, and items."""


@dataclass
class Bench:
    """A world, and the lists of genuine users for every data that was trained on.

    Attributes:
        known: events without the last one of each user.
        kinds: item, kind.
        last: user, item: the held-out events.
        seed: of trainings.
        folder: in which lists are kept, so that later calls do not train on the same data again.
        lists: by digest of the data and name of a row, (n, 10) outside ids of `last`'s users.
    """

    known: pl.DataFrame
    kinds: pl.DataFrame
    last: pl.DataFrame
    seed: int
    folder: Path
    lists: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, events: pl.DataFrame, kinds: pl.DataFrame, seed: int, folder: Path) -> "Bench":
        """Hold out each user's last event."""
        ordered = events.sort("time", maintain_order=True).with_row_index("row")
        last = ordered.group_by("user", maintain_order=True).last()
        known = ordered.filter(~pl.col("row").is_in(last["row"].implode())).drop("row")
        genuine = last.filter(pl.col("user").is_in(known["user"].unique().implode()))
        return cls(known, kinds, genuine.sort("user").select("user", "item"), seed, folder)

    def train(self, data: Dataset) -> str:
        """Train, and note the lists of every row; gives the digest under which they stand."""
        key = data.digest
        file = self.folder / f"{key}-{self.seed}.npz"
        if file.exists():
            with np.load(file) as kept:
                self.lists |= {(key, name): lists for name, lists in kept.items()}
            return key
        began = time.process_time()
        config = CoreConfig.model_validate(
            {
                "seed": self.seed,
                "sources": [{"name": name, "k": 30} for name in SOURCES],
                # What each source adds is not asked: it is most of the cost of so small a training.
                "tune": {"trials": 0, "contributions": False},
                "lists": {"size": DEPTH, "reserve": 0, "why_rows": 0},
                "split": {"kind": "last", "folds": 1},
                "ranker": {"seeds": 1, "trees": 150, "patience": 15},
            }
        )
        with TemporaryDirectory(prefix="poisoning-") as folder:
            fused = fit_fusion(data, config, Path(folder))
            rows = pl.read_parquet(ListsFolder(fused.trained.lists).lists)
        lists = np.full((data.n_users, DEPTH), -1, np.int32)
        lists[rows["user"].to_numpy(), rows["rank"].to_numpy() - 1] = rows["item"].to_numpy()
        wanted = data.user_ids.rows(self.last["user"])
        self._note(key, FUSED, data, np.where(wanted[:, None] >= 0, lists[wanted], -1))
        is_there = wanted >= 0
        held = _Genuine(data, data.last_times + 1, wanted[is_there], wanted[is_there])
        for source in config.sources:
            own = np.full((len(wanted), DEPTH), -1, np.int32)
            own[is_there] = source_lists(held, source, source.settings, None, config)
            self._note(key, source.name, data, own)
        np.savez(file, **{name: lists for (of, name), lists in self.lists.items() if of == key})
        print(f"  {fused.trained.method}, {time.process_time() - began:.0f} CPU s", flush=True)
        return key

    def _note(self, key: str, name: str, data: Dataset, lists: np.ndarray) -> None:
        ids = data.item_ids.values.to_numpy()
        self.lists[key, name] = np.where(lists >= 0, ids[lists], "").astype(str)

    def places(self, key: str, name: str, targets: list[str]) -> Scores:
        """Count the promoted items (n,) in each user's first ten."""
        return np.isin(self.lists[key, name], targets).sum(axis=1).astype(np.float32)

    def ndcg(self, key: str, name: str) -> Scores:
        """NDCG@10 (n,) of the held-out items."""
        hits = self.lists[key, name] == self.last["item"].to_numpy()[:, None]
        discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
        return (hits * discounts).sum(axis=1)


class _Genuine(Held):
    """Users whose lists are asked for, in the order in which they are."""

    @property
    def users(self) -> np.ndarray:
        return self.label_users


def told(one: Scores, other: Scores) -> str:
    """Write a paired difference with its interval."""
    gap = paired_gap(one, other, 0)
    return f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"


def compare(bench: Bench, campaign: Campaign, clean: str, treatments: list[str]) -> None:
    """Train on attacked data under each treatment, and print what each row's lists gained."""
    events, targets = inject(bench.known, bench.kinds, campaign)
    events = events.sort("time", maintain_order=True)
    print(
        f"\n{campaign.attack}, {campaign.share:.0%} of users, {campaign.pace}, "
        f"{campaign.targets} promoted items"
    )
    keys = {}
    for treatment in ("keep", *treatments):
        data = dataset(events, bench.kinds, treatment)
        keys[treatment] = bench.train(data)
        if treatment == "drop":
            bots = sum(name.startswith(BOT) for name in data.user_ids.values)
            n_genuine = bench.known["user"].n_unique()
            print(f"  drop leaves {bots} bots, and takes {n_genuine + bots - data.n_users} others")
    for name in (FUSED, *SOURCES):
        before = bench.places(clean, name, targets)
        gains = [told(bench.places(key, name, targets), before) for key in keys.values()]
        print(f"  {name:12}" + "".join(f"{gain:28}" for gain in gains))
    before = bench.ndcg(clean, FUSED)
    losses = [told(bench.ndcg(key, FUSED), before) for key in keys.values()]
    print(f"  {'NDCG@10':12}" + "".join(f"{loss:28}" for loss in losses), flush=True)


def main() -> None:
    """Print a table a campaign."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    worlds = parser.add_mutually_exclusive_group(required=True)
    worlds.add_argument("--movielens", type=Path, help="folder with ratings.csv and movies.csv")
    worlds.add_argument("--shop", action="store_true", help="a generated shop")
    parser.add_argument("--attacks", default=",".join(ATTACKS))
    parser.add_argument("--shares", default="0.01,0.03", help="bots for each genuine user")
    parser.add_argument("--pace", choices=("quick", "slow"), default="quick")
    parser.add_argument("--targets", type=int, default=5)
    parser.add_argument("--treatments", default="drop", help="drop, downweight")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=Path, help="folder in which lists are kept between calls")
    given = parser.parse_args()
    world = movielens(given.movielens) if given.movielens else generated(given.seed, SHOP_SIZE)
    folder = given.kept or Path(mkdtemp(prefix="poisoning-"))
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench.of(*world, given.seed, folder)
    clean = bench.train(dataset(bench.known, bench.kinds, "keep"))
    defended = bench.train(dataset(bench.known, bench.kinds, "drop"))
    value = bench.ndcg(clean, FUSED).mean()
    print(
        f"without bots: NDCG@10 {value:.4f} of {len(bench.last)} users; with `drop` "
        f"{told(bench.ndcg(defended, FUSED), bench.ndcg(clean, FUSED))}"
        f"{', the same data' if clean == defended else ''}"
    )
    treatments = given.treatments.split(",")
    print("places gained:  keep, " + ", ".join(treatments))
    for attack in given.attacks.split(","):
        for share in map(float, given.shares.split(",")):
            campaign = Campaign(attack, share, given.targets, given.pace, given.seed)
            compare(bench, campaign, clean, treatments)


if __name__ == "__main__":
    main()
