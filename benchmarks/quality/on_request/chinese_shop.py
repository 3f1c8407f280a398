"""A shop with Chinese titles, from two files to lists and answers, by the commands alone.

    python -m benchmarks.quality.on_request.chinese_shop FOLDER

Writes the shop of `text_shop` (2,000 titles) without anything that happened to a tenth of its
items, the new arrivals. Then, as its owner would: `fusion init`, two sources that read are added,
`fusion run`, and a second placement whose allow list holds the new arrivals alone. Printed are

- NDCG@10 of the arrivals' placement, as SQL serves it, on who took which arrival, beside lists
  drawn at random and beside arrivals of the kinds that a user has taken most;
- of 400 sentences in other words than the titles, which share of the answers is the thing that was
  asked for, has the trait, and both; of as many answers, up to ten, as there are items with both.
"""

import argparse
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.text_shop import queries, shop
from fusion import load_run, recommend
from fusion.core.hashing import shares
from fusion.metrics.bootstrap import Interval, resampled_means
from fusion.metrics.ranking import rank_discounts

ARRIVALS, PLACES, SEED = 0.1, 10, 7
SOURCES = ("popularity", "ease", "item_knn", "category", "content", "content_map")


@dataclass(frozen=True)
class Shop:
    """What the benchmark knows and the product does not.

    Attributes:
        items: item, title, kind of all items.
        known: user, item of all that the product is told.
        taken: user, item: who took which new arrival, of users whom the product knows.
        arrivals: ids of the new arrivals.
    """

    items: pl.DataFrame
    known: pl.DataFrame
    taken: pl.DataFrame
    arrivals: list[str]


def make(folder: Path, users: int, items: int, events: int) -> Shop:
    """Write the files of the shop, and keep what is hidden from it."""
    happened, catalogue = shop("zh", users, items, events, SEED)
    drawn = shares(SEED, np.arange(items), np.zeros(items, np.int64)) < ARRIVALS
    arrivals = catalogue["item"].filter(pl.Series(drawn)).to_list()
    known = happened.filter(~pl.col("item").is_in(arrivals))
    taken = happened.filter(pl.col("item").is_in(arrivals)).join(known, on="user", how="semi")
    known.write_csv(folder / "interactions.csv")
    catalogue.write_csv(folder / "items.csv")
    return Shop(catalogue, known, taken, arrivals)


def fusion(folder: Path, *words: str) -> float:
    """Run a command in the folder; return its seconds."""
    began = time.monotonic()
    command = [sys.executable, "-m", "flows.cli", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    (folder / f"{words[0]}.log").write_text(done.stdout + done.stderr)
    if done.returncode not in (0, 4):
        raise SystemExit(f"`fusion {' '.join(words)}` ended with {done.returncode}:\n{done.stderr}")
    return time.monotonic() - began


def configure(folder: Path, arrivals: list[str]) -> None:
    """Add sources to what `fusion init` wrote, and a placement for the new arrivals."""
    written = (folder / "fusion.toml").read_text()
    sources = "".join(f'\n[[sources]]\nname = "{name}"\n' for name in SOURCES)
    (folder / "fusion.toml").write_text(written + sources)
    ids = ", ".join(f'"{item}"' for item in arrivals)
    (folder / "rules.toml").write_text(f"[[allow]]\nitems = [{ids}]\n")
    section = '[lists]\nplacement = "arrivals"\nrules = "rules.toml"\n'
    (folder / "arrivals.toml").write_text(written + section + sources)


def judge_arrivals(folder: Path, made: Shop) -> None:
    """Print NDCG@10 of the arrivals' placement beside two simple lists."""
    with sqlite3.connect(folder / "fusion.db") as database:
        served = pl.read_database(
            "SELECT user_id, item_id FROM current_recommendations WHERE placement = 'arrivals' "
            f"AND rank <= {PLACES} ORDER BY user_id, rank",
            database,
        )
    lists = dict(served.group_by("user_id").agg("item_id").iter_rows())
    kinds = dict(made.items.select("item", "kind").iter_rows())
    taken_kinds = made.known.join(made.items, on="item").group_by("user", "kind").len()
    tastes = {(user, kind): count for user, kind, count in taken_kinds.iter_rows()}
    rng = np.random.default_rng(SEED)
    rows: dict[str, list[float]] = {"published": [], "kinds taken most": [], "at random": []}
    for user, liked in made.taken.group_by("user", maintain_order=True).agg("item").iter_rows():
        drawn = [made.arrivals[place] for place in rng.permutation(len(made.arrivals))]
        by_kind = sorted(drawn, key=lambda item: -tastes.get((user, kinds[item]), 0))
        for name, listed in zip(rows, (lists[user], by_kind, drawn), strict=True):
            rows[name].append(ndcg(listed[:PLACES], set(liked)))
    draws = resampled_means(np.column_stack(list(rows.values())), SEED)
    print(f"{len(made.arrivals)} new arrivals, {len(rows['published'])} users who took one")
    for place, (name, values) in enumerate(rows.items()):
        found = Interval.of(float(np.mean(values)), draws[:, place])
        print(f"  {name:18} NDCG@10 {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]")


def ndcg(listed: list[str], liked: set[str]) -> float:
    """NDCG of one list with binary gain."""
    discounts = rank_discounts(PLACES)
    gains = [item in liked for item in listed]
    return float(discounts[: len(gains)] @ gains / discounts[: min(PLACES, len(liked))].sum())


def judge_answers(folder: Path, made: Shop) -> None:
    """Print what the first ten answers to sentences carry."""
    # The first run lists all items, the second one new arrivals alone.
    run = load_run(min((folder / "runs").glob("2*")))
    titles = dict(made.items.select("item", "title").iter_rows())
    found, seconds = [], []
    for query, thing, trait in queries("zh").iter_rows():
        with_both = sum(thing in title and trait in title for title in titles.values())
        if not with_both:
            continue
        began = time.perf_counter()
        answers = [titles[item] for item in recommend(run, text=query, k=PLACES)["item_id"]]
        answers = answers[:with_both]
        seconds.append(time.perf_counter() - began)
        is_thing = np.array([thing in title for title in answers])
        has_trait = np.array([trait in title for title in answers])
        found.append([is_thing.mean(), has_trait.mean(), (is_thing & has_trait).mean()])
    thing, trait, both = np.mean(found, axis=0)
    print(
        f"{len(found)} sentences: {thing:.0%} of the answers are the thing, {trait:.0%} have the "
        f"trait, {both:.0%} both; {1000 * np.median(seconds[1:]):.0f} ms an answer"
    )


def main() -> None:
    """Make the shop, run the commands, judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--events", type=int, default=30_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    made = make(given.folder, given.users, given.items, given.events)
    fusion(given.folder, "init", "interactions.csv", "--items", "items.csv")
    configure(given.folder, made.arrivals)
    for words in (("run",), ("run", "--config", "arrivals.toml")):
        print(f"fusion {' '.join(words)}: {fusion(given.folder, *words):.0f} s", flush=True)
    judge_arrivals(given.folder, made)
    judge_answers(given.folder, made)


if __name__ == "__main__":
    main()
