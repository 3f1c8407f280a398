"""Lists for somebody new who names a few items: by what the same users like, and by the sources.

    python -m benchmarks.quality.on_request.fold_in --movielens ml-latest-small
    python -m benchmarks.quality.on_request.fold_in

A quarter of the users at a time is hidden, with all that they did, from what sources learn. Each of
them with more than ten likes names the first one, three, five or ten, oldest first; their later
likes judge the list, and none of the ten is in any list, so that the labels are the same however
many are named. `co_likes` is the list of `recommend(items=...)`; fused is that of all sources that
fold items in, which is given where few users like any of them. Popularity knows nothing of them;
gaps are paired over users. Without a folder a shop is generated.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.on_request.ask import CANDIDATES, PLACES, SEED, SETTINGS, quarters
from benchmarks.quality.on_request.cold_world import cold_shop
from fusion import Dataset, FitContext, build, from_frames
from fusion.core.arrays import Flags, Rows, Scores
from fusion.metrics.bootstrap import paired_gap
from fusion.metrics.ranking import hits_of, ndcg
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource, fit
from fusion.on_request.by_items import history_of, rank_by_items
from fusion.on_request.co_likes import CO_LIKES
from fusion.on_request.count_co_likes import count_co_likes

COUNTS = (1, 3, 5, 10)
"""Items that are named."""
SOURCES = ("als", "ease", "item_knn", "user_knn", "sequence")
"""Quick ones that score a history which they have not seen."""
POPULAR, FUSED = "popularity", "fused"
LIKE = 4.0
"""Weight of an item that is named, where the data has weights."""
Lists = dict[tuple[str, int], Rows]
"""(n, PLACES) items by row of the table and number of items named, -1 past the end."""


def generated(seed: int) -> Dataset:
    """Generate a shop whose likes follow tastes."""
    frame, _ = cold_shop(seed, planted=True, n_users=800, n_cold=0)
    return from_frames(frame.drop("weight", "liked"), settings={"columns": {"time": "time"}})


def likes_of(data: Dataset, users: Rows) -> Iterator[tuple[int, Rows]]:
    """Yield users with more likes than are named, and what they like, each once, oldest first."""
    order, borders = data.by_user
    for user in users.tolist():
        events = order[borders[user] : borders[user + 1]]
        items = data.items[events[data.liked[events]]]
        _, first = np.unique(items, return_index=True)
        liked = items[np.sort(first)]
        if len(liked) > max(COUNTS):
            yield user, liked


def fitted(known: Dataset) -> dict[str, list[FittedSource]]:
    """Fit every source; return the rows of the table by name, each a list of sources to fuse."""
    known = known.trim_users()
    sources = {}
    for use in (*SOURCES, POPULAR):
        context = FitContext(np.random.default_rng(SEED))
        sources[use] = [fit(use, build(use, {}), known, CANDIDATES, context)]
    sources[FUSED] = [one for (one,) in sources.values()]
    return sources


def lists_of(
    known: Dataset, rows: dict[str, list[FittedSource]], likes: list[tuple[int, Rows]]
) -> Lists:
    """Make the list of every user by every row, from as many named items as each count says."""
    weight = LIKE if known.has_weights else 1.0
    co_likes = count_co_likes(known, SEED)

    def listed(name: str, named: Rows, may: Flags) -> Rows:
        if name == CO_LIKES:
            return co_likes.rank(named, may, PLACES).items
        user = history_of(named, known.as_of, weight, known.n_items)
        return rank_by_items(rows[name], user, Allowed(may), PLACES).items

    lists: Lists = {}
    for name in (CO_LIKES, *rows):
        for count in COUNTS:
            places = np.full((len(likes), PLACES), -1, np.int32)
            for at, (_, liked) in enumerate(likes):
                may = np.ones(known.n_items, bool)
                may[liked[: max(COUNTS)]] = False
                found = listed(name, liked[:count], may)
                places[at, : len(found)] = found
            lists[name, count] = places
    return lists


def judge(data: Dataset) -> dict[tuple[str, int], Scores]:
    """NDCG@10 (n,) of all users of all quarters by row and count."""
    values = defaultdict(list)
    for known, users in quarters(data):
        likes = list(likes_of(data, users))
        lists = lists_of(known, fitted(known), likes)
        judged = np.array([user for user, _ in likes], np.int32)
        later = [liked[max(COUNTS) :] for _, liked in likes]
        label_users = np.repeat(judged, [len(one) for one in later])
        for key, places in lists.items():
            hits, counts = hits_of(places, judged, label_users, np.concatenate(later))
            values[key].append(ndcg(hits, counts, PLACES))
        print(f"  {len(likes)} users of a quarter are judged", flush=True)
    return {key: np.concatenate(parts) for key, parts in values.items()}


def print_table(values: dict[tuple[str, int], Scores]) -> None:
    """Print NDCG@10 by row and count, and by how much `co_likes` is ahead of others."""
    print("| list | " + " | ".join(f"{count} named" for count in COUNTS) + " |")
    print("| --- |" + " --- |" * len(COUNTS))
    for name in (CO_LIKES, FUSED, *SOURCES, POPULAR):
        means = [f"{values[name, count].mean():.4f}" for count in COUNTS]
        print(f"| {name} | " + " | ".join(means) + " |")
    best = max(SOURCES, key=lambda name: sum(values[name, count].mean() for count in COUNTS))
    for other in (FUSED, best, POPULAR):
        gaps = [paired_gap(values[CO_LIKES, n], values[other, n], SEED) for n in COUNTS]
        cells = [f"{gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]" for gap in gaps]
        print(f"| {CO_LIKES} less {other} | " + " | ".join(cells) + " |")
    print(f"{len(values[FUSED, COUNTS[0]])} users are judged")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--movielens", type=Path, help="folder with ratings.csv")
    parser.add_argument("--seed", type=int, default=1, help="of the generated shop")
    given = parser.parse_args()
    if given.movielens:
        data = from_frames(pl.read_csv(given.movielens / "ratings.csv"), settings=SETTINGS)
    else:
        data = generated(given.seed)
    print_table(judge(data))


if __name__ == "__main__":
    main()
