"""Items that training never saw: who ranks them best for each user.

    python -m benchmarks.quality.cold_items --movielens ml-latest-small
    python -m benchmarks.quality.cold_items --shop zh --seeds 1,2,3
    python -m benchmarks.quality.cold_items --movielens ml-latest-small --cuts 0.5,0.7,0.9

By seeds: a fifth of the items with five likes or more is hidden, with all that happened to them;
seeds hide other items. By `--cuts`: everything after a moment is hidden, by which that share of the
interactions had happened, and the items to rank are those of which nothing had happened by then.
Every row ranks the hidden items only, from the user's last 20 likes among what is known; NDCG@10
with binary gain, users with a like on both sides.

MovieLens: likes are ratings of 3.5 and more, an item's text is "title. genres", its categories are
genres and its number is the year. `--shop` takes a generated shop with texts in a language
(`text_shop`); with `--cuts` half of its items arrive over the year.

`--peers` names the environment that `benchmarks/quality/rectools/make_env.sh` made: RecTools'
models that can score items without interactions stand beside.

A row's interval is of the mean over users, its gap is `content_map` less the row: both from one
bootstrap over users, whatever the seed or the cut.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.cold.hidden import ColdItems, hide, hide_after
from benchmarks.quality.cold.peers import PEERS, peer
from benchmarks.quality.cold.rows import FIRST, ROWS
from benchmarks.quality.cold.worlds import generated, movielens
from benchmarks.quality.pooling import pooled
from benchmarks.quality.text_shop import LANGUAGES
from fusion.models.mapping.ridge import ndcg_of_users


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    worlds = parser.add_mutually_exclusive_group(required=True)
    worlds.add_argument("--movielens", type=Path, help="folder with ratings.csv and movies.csv")
    worlds.add_argument("--shop", choices=LANGUAGES, help="language of a generated shop")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--seeds", default="1,2,3", help="hide items by chance, a fold a seed")
    kinds.add_argument("--cuts", help="hide by time, a fold a share of the interactions")
    names = [*ROWS, *PEERS]
    parser.add_argument("--rows", default=",".join(names), help=", ".join(names))
    parser.add_argument("--peers", type=Path, help="environment of RecTools")
    return parser.parse_args()


def folds_of(given: argparse.Namespace) -> dict[str, ColdItems]:
    """Hide items as asked for: folds by what they are called."""
    by_time = given.cuts is not None
    if given.movielens:
        data = movielens(given.movielens)
    else:
        data = generated(given.shop, arriving=by_time)
    if by_time:
        return {f"cut at {one}": hide_after(data, float(one)) for one in given.cuts.split(",")}
    return {f"seed {one}": hide(data, int(one)) for one in given.seeds.split(",")}


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of those that it waited for."""
    return sum(os.times()[:4])


def main() -> None:
    """Print a line a row."""
    given = options()
    rows = ROWS | {name: peer(name, given.peers) for name in PEERS if given.peers}
    names = [name for name in rows if name in given.rows.split(",") or name == FIRST]
    folds, users, seconds = [], [], dict.fromkeys(names, 0.0)
    for title, cold in folds_of(given).items():
        print(f"{title}: {len(cold.items)} items hidden, {len(cold.users)} users judge")
        values = {}
        for name in names:
            began = cpu_seconds()
            values[name] = ndcg_of_users(rows[name](cold), cold.labels)
            seconds[name] += cpu_seconds() - began
            print(f"  {name}: {values[name].mean():.4f}", flush=True)
        folds.append(values)
        users.append(cold.users.rows.astype(np.int64))
    found = pooled(folds, users, 0, FIRST)
    print(f"{found['values']} values of {found['users']} users")
    print_rows(found["rows"], seconds, len(folds))


def print_rows(rows: dict[str, Any], seconds: dict[str, float], n_folds: int) -> None:
    """Print the pooled rows, best first."""
    print(f"{'row':32} NDCG@10  95 % interval   {FIRST} less it          CPU s")
    for name, row in sorted(rows.items(), key=lambda one: -one[1]["value"]):
        gap = row.get("gap")
        told = f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]" if gap else ""
        interval = f"{row['low']:.4f} - {row['high']:.4f}"
        cost = seconds[name] / n_folds
        print(f"{name:32} {row['value']:.4f}   {interval}  {told:28} {cost:.1f}")


if __name__ == "__main__":
    main()
